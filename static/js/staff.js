/* The therapist's part of the staff form shows when that role is chosen; without scripts it always shows. */
document.querySelectorAll("[data-staff-form]").forEach((form) => {
  const part = form.querySelector("[data-for-therapists]");
  const box = form.querySelector("input[value=therapist]");
  const show = () => { part.hidden = !box.checked; };
  box.addEventListener("change", show);
  form.addEventListener("tonus:refilled", show);
  show();
});
