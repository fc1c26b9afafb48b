-- Written by `make counts`: instructions of our program for each work of work.lua.
return {
  ["gcc (Debian 12.2.0-14+deb12u1) 12.2.0, x86_64-linux-gnu, Lua 5.4.4"] = {
    boosting = 59581240,
    cnn = 52650982,
    csv = 19020890,
    deep = 40644868,
    dense = 13630374,
    forest = 44119860,
    logistic = 26232013,
    neighbors = 3553524,
    one_digit = 19921811,
    start = 10933130,
  },
}
