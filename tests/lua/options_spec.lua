-- digits.options, as scripts use it, and digits.path.
local digits = require "digits"
local support = dofile "tests/lua/support.lua"
local message = support.message

local folder
setup(function() folder = support.folder() end)
teardown(function() support.remove(folder) end)

local SCRIPT = [[
  local o = require("digits").options {
    epochs = { 12, "passes over the data" }, rate = 0.5, data = "mnist", batch_size = 50,
    verbose = false, shuffle = true }
  print(o.epochs, o.rate, o.data, o.batch_size, o.verbose, o.shuffle)
]]

local function run(words)
  local out, err, code = support.run(folder, SCRIPT, words)
  return out:gsub("\n$", ""), (err:gsub("^[^\n]*script.lua: ", ""):gsub("\n$", "")), code
end

local function given(words)
  local out, err, code = run(words)
  assert.are.same({ "", 0 }, { err, code })
  return out
end

local function refused(words)
  local out, err, code = run(words)
  assert.are.same({ "", 1 }, { out, code })
  return err
end

describe("options", function()
  it("have defaults, whose types they keep", function()
    assert.are.equal("12\t0.5\tmnist\t50\tfalse\ttrue", given "")
    assert.are.equal("3\t2.0\tx y\t50\tfalse\ttrue", given "--epochs 3 --rate=2 --data 'x y'")
    assert.are.equal("12\t-1e-05\t-\t7\ttrue\tfalse",
      given "--rate -1e-5 --data=- --batch-size 7 --verbose --no-shuffle")
    assert.are.equal("12\t0.5\tmnist\t8\tfalse\tfalse", given "--batch_size=8 --shuffle=false")
  end)

  it("are refused with the nearest name, and status 1", function()
    assert.are.equal("unknown option 'epoch', did you mean 'epochs'?", refused "--epoch 3")
    assert.are.equal("unknown option 'batchsize', did you mean 'batch_size'?",
      refused "--batchsize 3")
    assert.are.equal("unknown option 'x', its options are batch_size, data, epochs, rate, " ..
      "shuffle, verbose", refused "--x")
    assert.are.equal("unknown option 'no_epochs', did you mean 'epochs'?", refused "--no-epochs")
    assert.are.equal("epochs must be a whole number, found 1.5", refused "--epochs 1.5")
    assert.are.equal("epochs must be a whole number, found 'many' (a string)",
      refused "--epochs=many")
    assert.are.equal("expected a value after --epochs", refused "--epochs")
    assert.are.equal("rate must be a number, found 'x' (a string)", refused "--rate x")
    assert.are.equal("shuffle must be true or false, found '1' (a string)", refused "--shuffle=1")
    assert.are.equal("unexpected argument 'x'; --help lists the options", refused "x")
    local out, err = support.run(folder, [[
      local all = {}
      for i = 1, 65 do all["o" .. i] = i end
      print(pcall(require("digits").options, all))
      all.o65 = nil
      all.o64 = (1 << 60) + 1 -- more than a double tells
      print(require("digits").options(all).o64)]])
    assert.are.equal("", err)
    assert.matches("^false\t.*script.lua:3: options: expected at most 64 options, found 65\n" ..
      "1152921504606846977\n$", out)
  end)

  it("are listed by --help, with status 0", function()
    local out, err, code = run "--help"
    assert.matches("^usage: digits%-lua [^\n]*script.lua %[options%]\n", out)
    assert.matches("\n  %-%-epochs +passes over the data %(a whole number; default 12%)\n", out)
    assert.matches("\n  %-%-no%-shuffle +%(true or false; default true%)\n", out)
    assert.are.same({ "", 0 }, { err, code })
  end)

  it("know their names", function()
    local out, err, code = support.run(folder, [[
      local o = require("digits").options { epochs = 12, seed = 7 }
      print(o)
      print(o.epoch)
    ]])
    assert.are.equal("{epochs = 12, seed = 7}\n", out)
    assert.matches("script.lua:3: options has no field 'epoch', did you mean 'epochs'%?", err)
    assert.are.equal(1, code)
  end)

  it("must have defaults of a plain type", function()
    assert.matches("^options: the default of x must be a number, a string or a boolean",
      message(function() digits.options { x = {} } end))
    assert.matches("options: expected names of letters, digits and _, found 1",
      message(function() digits.options { 5 } end))
    assert.matches("defaults must be a table of defaults, or .*, found 5",
      message(function() digits.options(5) end))
  end)
end)

describe("path", function()
  it("makes the folder", function()
    local path = digits.path(folder .. "/a/b", "c.txt")
    assert.are.equal(folder .. "/a/b/c.txt", path)
    support.write(path, "x")
    assert.are.equal(path, digits.path(folder .. "/a/b", "c.txt"))
    assert.are.equal("./c.txt", digits.path("", "c.txt"))
    assert.are.equal("path: name is required (a string)",
      message(function() digits.path(folder, nil) end))
    assert.matches("cannot make the folder .*/c.txt", message(function()
      digits.path(path, "d")
    end))
    assert.matches("path: cannot write /proc/c.txt: ", message(function()
      digits.path("/proc", "c.txt")
    end), 1, true)
  end)
end)
