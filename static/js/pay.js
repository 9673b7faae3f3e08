/* The amount follows the ticked invoices until somebody types another; without scripts it is simply typed. */
document.querySelectorAll("[data-pay]").forEach((form) => {
  const amount = form.querySelector("[name=amount]");
  const boxes = [...form.querySelectorAll("[data-open]")];
  const cents = () => boxes.filter((box) => box.checked).reduce((sum, box) => sum + Math.round(Number(box.dataset.open) * 100), 0);
  const written = (value) => (value / 100).toFixed(2);
  let typed = amount.value !== "" && amount.value !== written(cents());
  amount.addEventListener("input", () => { typed = true; });
  boxes.forEach((box) => box.addEventListener("change", () => {
    if (!typed) amount.value = cents() ? written(cents()) : "";
  }));
  form.addEventListener("submit", () => {
    const button = form.querySelector("button[type=submit]");
    window.setTimeout(() => { button.disabled = true; }, 0);
  });
});
