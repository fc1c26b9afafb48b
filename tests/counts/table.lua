-- Written by `make counts`: instructions of our program for each work of work.lua.
return {
  ["gcc (Debian 12.2.0-14+deb12u1) 12.2.0, x86_64-linux-gnu, Lua 5.4.4"] = {
    boosting = 81339710,
    cnn = 53596109,
    csv = 18991068,
    deep = 58965875,
    dense = 13464388,
    forest = 49532012,
    logistic = 26124128,
    neighbors = 3411740,
    one_digit = 47664416,
    start = 10765716,
  },
}
