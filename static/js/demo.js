/* The demo's sign-in page: a click signs in. */
document.querySelectorAll("[data-demo]").forEach((button) => button.addEventListener("click", () => {
  const form = document.querySelector("input[name=login]").form;
  form.elements.login.value = button.dataset.demo;
  form.elements.password.value = document.querySelector("[data-demo-password]").textContent;
  form.requestSubmit();
}));
