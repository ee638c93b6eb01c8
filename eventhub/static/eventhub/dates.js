// Django's calendar reads no names of months, so it would not open at the date of "31 May 2027".
document.addEventListener("DOMContentLoaded", () => {
  const numbersOnly = String.prototype.strptime;
  if (!numbersOnly) return;
  String.prototype.strptime = function (format) {
    return format.includes("%b") ? new Date(`${this} UTC`) : numbersOnly.call(this, format);
  };
});
