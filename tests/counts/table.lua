-- Written by `make counts`: instructions of our program for each work of work.lua.
return {
  ["gcc (Debian 12.2.0-14+deb12u1) 12.2.0, x86_64-linux-gnu, Lua 5.4.4"] = {
    boosting = 59558087,
    cnn = 52963362,
    csv = 18996945,
    deep = 41051203,
    dense = 13898298,
    forest = 44194733,
    logistic = 26233119,
    neighbors = 3499797,
    one_digit = 18733507,
    start = 13292106,
  },
}
