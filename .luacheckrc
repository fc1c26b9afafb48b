-- luacheck's settings for scripts, experiments and tests.
std = "lua54"
max_line_length = 100
files["tests/lua"] = { std = "+busted" }
