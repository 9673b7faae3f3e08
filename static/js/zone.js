/* The zone of this browser is most likely the zone of the clinic: offered when none is chosen yet. */
(function () {
  const field = document.querySelector("input[list=zones]");
  if (!field || field.value) return;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...document.getElementById("zones").options].some((option) => option.value === zone)) field.value = zone;
})();
