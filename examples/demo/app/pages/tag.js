// What a statistics tag does when it loads: a visitor's number on the widest domain that the browser takes, one for
// the measured property beside it, and a short-lived one on this host only.
"use strict";
const labels = location.hostname.split(".");
const domain = labels
  .map((_, index) => `; Domain=${labels.slice(-1 - index).join(".")}`)
  .find((wider) => {
    document.cookie = `_ga_probe=1; Path=/${wider}`;
    const isTaken = document.cookie.includes("_ga_probe=1");
    document.cookie = `_ga_probe=; Path=/; Max-Age=0${wider}`;
    return isTaken;
  }) ?? "";
document.cookie = `_ga=GA1.1.1734567890.1762128000; Path=/; Max-Age=34560000${domain}`;
document.cookie = `_ga_S1H0P12345=GS2.1.s1762128000$o1$g1; Path=/; Max-Age=34560000${domain}`;
document.cookie = "_gid=GA1.1.987654321.1762128000; Path=/; Max-Age=86400";
// For the demo: that it ran.
const note = document.querySelector("#tag");
if (note) note.textContent = "The script of the statistics has run on this page.";
