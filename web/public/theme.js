// The chosen theme, set before the first paint; a file of its own because the page's policy allows no inline script.
(() => {
  const theme = localStorage.getItem("troupe.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
