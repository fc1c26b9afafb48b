-- Written by `make counts`: instructions of our program for each work of work.lua.
return {
  ["gcc (Debian 12.2.0-14+deb12u1) 12.2.0, x86_64-linux-gnu, Lua 5.4.4"] = {
    boosting = 81495349,
    cnn = 53592161,
    csv = 19007886,
    deep = 58990042,
    dense = 13565391,
    forest = 51731795,
    logistic = 26219110,
    neighbors = 3479269,
    one_digit = 47744936,
    start = 10755956,
  },
}
