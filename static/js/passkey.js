/* A passkey that the browser refused: say so beside the button instead of only in the console. */
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const said = document.querySelector("[data-passkey-refused]");
  if (said) { said.hidden = false; return; }
  const button = document.getElementById("passkey_login") || document.querySelector("[id^=mfa_webauthn]");
  if (!button || button.nextElementSibling?.matches(".passkey-refused")) return;
  const note = document.createElement("p");
  note.className = "form-text passkey-refused"; note.setAttribute("role", "alert");
  note.textContent = "The browser offered no passkey. Sign in another way.";
  button.after(note);
});
