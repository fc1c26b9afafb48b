-- The locals of the prompt, which stay from one input to the next.
local shell = dofile "tests/lua/shell.lua"

setup(shell.open)
teardown(shell.close)

-- Types the lines at the prompt. Gives what it printed, without the prompts, and the errors.
local function type_in(text, options)
  shell.file("typed", text)
  local out, err, code = shell.run("$P -i " .. (options or "") .. " <typed")
  out = out:match "^[^\n]*\n[^\n]*\n(.*)$":gsub("%f[^\0\n]>>? ", ""):gsub(">>? ", "")
  return out:gsub("\n$", ""), err, code
end

local function prints(expected, text)
  local out, err = type_in(text)
  assert.are.same({ expected, "" }, { out, err })
end

describe("locals of the prompt", function()
  it("are there on the next line", function()
    prints("6\nnil\ttext\n", 'local x = 6\nx\nlocal a, b\nb = "text"\na, b\n')
    prints("a\n", "local function f() return 'a' end\nf()\n")
    prints("24\n", "local function product(n) return n < 2 and 1 or n * product(n - 1) end\n" ..
      "product(4)\n")
  end)

  it("are variables that functions share with the lines after them", function()
    prints("1\n2\n2\n7\n", "local n = 0 local function add() n = n + 1 return n end\n" ..
      "add()\nadd()\nn\nn = 6\nadd()\n")
  end)

  it("are other variables when declared again, in one line too", function()
    prints("1\t2\n", "local x = 1\nlocal f = function() return x end\nlocal x = x + 1\nf(), x\n")
    prints("1\t2\n", "local x = 1 local f = function() return x end local x = 2\nf(), x\n")
    prints("nil\t5\n", "local f = function() return x end local x = 5\nf(), x\n")
  end)

  it("hide globals from the lines that follow, not from the library", function()
    prints("mine\n{1}\n", "local print = function() return 'mine' end\nprint()\n{1}\n")
    prints("nil\t3\n", "local x\nglobal, x = 3, nil\nx, global\n")
    prints("nil\n4\n", "y = 4\nlocal y\ny\n_G.y\n")
  end)

  it("keep const, and end close with its input", function()
    prints("closed\n2\n", "local c <close> = setmetatable({}, { __close = function() " ..
      "io.write 'closed\\n' end }) x = 2\nx\n")
    local out, err = type_in("local a <const>, b <const> = 1, {}\na, #b\na = 2\nb = 3\n" ..
      "local a = 4\na\n")
    assert.are.equal("1\t0\n4\n", out)
    assert.are.equal("stdin:1: attempt to assign to const variable 'a'\n" ..
      "stdin:1: attempt to assign to const variable 'b'\n", err)
  end)

  it("are those outside blocks only", function()
    prints("1\nnil\tnil\tnil\tnil\tnil\tnil\n", "do local a = 1 end\n" ..
      "for i = 1, 1 do local b = i print(b) end\nif true then local c = 1 end\n" ..
      "repeat local d = 1 until d\nlocal t = { function() local e = 1 end }\n" ..
      "while true do local f = 1 break end\na, b, c, d, e, f\n")
  end)

  it("are not looked for in strings and comments", function()
    prints("local q = 1\tlocal r = 1\tlocal \"s\\\nnil\n",
      "local a, b, c = 'local q = 1', [==[local r = 1]==], \"local \\\"s\\\\\"\n" ..
      "--[[ local u = 1 ]] a, b, c -- local v = 1\n" .. "q or r or s or u or v\n")
  end)

  it("may be declared over several lines, by any expression", function()
    prints("{1, 2}\n3x\n-4.0\ttrue\t3\n31\t0.25\n", "local t = {\n  1, -- one\n  2,\n}\nt\n" ..
      "local a = (function() return 3 end)() .. 'x' print(a)\n" ..
      "local b, c, d = -2 ^ 2, not nil, #'abc' (print)(b, c, d)\n" ..
      "local e, f = 0x1e+1, .25e+0 (print)(e, f)\n")
  end)

  it("survive the failure of a line after them", function()
    local out, err = type_in "local a = 1 local b = nil + 1 local c = 3\na, b, c\n"
    assert.are.equal("1\tnil\tnil\n", out)
    assert.are.equal("stdin:1: attempt to perform arithmetic on a nil value\nstack traceback:\n" ..
      "\tstdin:1: in main chunk\n\t[C]: in ?\n", err)
  end)

  it("leave line numbers as they are", function()
    local _, err = type_in "local a = 1\ndo\n  local b = a\n  error 'boo'\nend\n"
    assert.matches("^stdin:3: boo\n.*\tstdin:3: in main chunk\n", err)
  end)

  it("leave return and goto as they are", function()
    prints("7\nnil\n", "if true then return 7 end local x = 1\nx\n")
    prints("1\n2\n", "local i = 0\n" ..
      "::top:: i = i + 1 local copy = i print(copy) if i < 2 then goto top end\n")
  end)

  it("are completed by Tab", function()
    shell.file("complete.lua", [[
      local repl = require "digits.repl"
      local step = repl.chunk "local training = { images = 1 }"
      local _, piece = step()
      step(piece())
      print(repl.complete("train", "")[1], repl.complete("training.im", "")[1])]])
    assert.are.equal("training\ttraining.images\n", (shell.run "$P complete.lua"))
  end)
end)

describe("the prompt", function()
  it("follows a script or -e that failed, with what there is; the status tells", function()
    shell.file("fails.lua", "x = 20 error 'boo'")
    local out, err, code = type_in("x + 1\n", "fails.lua")
    assert.are.same({ "21\n", 1 }, { out, code })
    assert.matches("^digits%-lua: fails%.lua:1: boo\n", err)
    out, err, code = type_in("y\n", "-e 'y = 3 error()'")
    assert.are.same({ "3\n", 1 }, { out, code })
    assert.matches("^digits%-lua: ", err)
  end)
end)

describe("help", function()
  it("is there in scripts and under -e, and loads the library when it is called", function()
    local out, err = shell.run [[
      $P -e 'assert(not package.loaded.digits) help "nn.Dense" help(help)']]
    assert.are.equal("", err)
    assert.matches("^Dense: .*\ndigits%.help%(x%)\n", out)
    shell.file("script.lua", "local digits = require 'digits' help(digits.nn.Dense)")
    assert.matches("^Dense: ", (shell.run "$P script.lua"))
  end)

  it("is a name that a script may use", function()
    assert.are.equal("mine\n", (shell.run [[$P -e 'help = "mine" print(help)']]))
  end)
end)
