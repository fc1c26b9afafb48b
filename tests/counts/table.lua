-- Written by `make counts`: instructions of our program for each work of work.lua.
return {
  ["gcc (Debian 12.2.0-14+deb12u1) 12.2.0, x86_64-linux-gnu, Lua 5.4.4"] = {
    boosting = 149435673,
    cnn = 54794536,
    csv = 18995031,
    deep = 57888899,
    dense = 13399481,
    forest = 49230897,
    logistic = 26310355,
    neighbors = 5074742,
    one_digit = 47501785,
    start = 10765931,
  },
}
