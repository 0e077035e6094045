// This page shows what became of the request that asked for it: after a choice it asks again.
document.addEventListener("consent:change", () => location.reload());
