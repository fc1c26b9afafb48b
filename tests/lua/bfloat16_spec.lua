-- Training in bfloat16, by what stands for the processor's instructions in tests, and without it.
local shell = dofile "tests/lua/shell.lua"
local sh, file, read = shell.run, shell.file, shell.read

local MAKE = [[
local digits = require "digits"
local nn = digits.nn
digits.seed(4)
local x = digits.uniform { 60, 6, 6, 1, seed = 5 }
local y = x:reshape { 60, 36 }[{ {}, { 1, 3 } }]:argmax { axis = 2 }
local set = digits.data.from_tensors { x = x, y = y }
local function network(precision)
  return nn.Sequential { nn.Input { 6, 6, 1 }, nn.Conv2D { 5, { 3, 3 }, activation = "relu" },
    nn.Conv2D { 6, { 3, 3 }, strides = 2, padding = "same" }, nn.Flatten {},
    nn.Dense { 3, activation = "softmax" }, seed = 1 }
    :compile { optimizer = "adam", loss = "categorical_crossentropy", precision = precision }
end
local options = { epochs = 2, batch_size = 16, verbose = 0, seed = 2 }
]]

local SAVE = MAKE .. [[
local model = network "bfloat16"
model:fit(set, options)
model:save "model.safetensors"
io.write(model:digest())
]]

local LACKS = "products in bfloat16 are not available here (they need the instructions " ..
  "AVX512_BF16 and kernels of the level x86-64-v4): the model is trained in float32\n"

local function warning(line, call)
  return ("digits-lua: warning: make.lua:%d: %s: %s"):format(line, call, LACKS)
end

-- The environments of the two kinds of machine.
local WITH, WITHOUT = "DIGITS_BFLOAT16=emulated ", "DIGITS_BFLOAT16=off "

local function refusal(environment)
  local out, err, code = sh(environment .. "$P reproduce model.safetensors --quiet")
  assert.are.same({ "", 1 }, { out, code })
  return err
end

describe("bfloat16", function()
  before_each(shell.open)
  after_each(shell.close)

  it("trains otherwise, with the same bits for any number of threads", function()
    file("make.lua", MAKE .. [[
      for _, precision in ipairs { "float32", "bfloat16" } do
        local model = network(precision)
        model:fit(set, options)
        assert(model.precision == precision)
        print(model:digest(), model.history.loss[2])
      end]])
    local found = {}
    for threads = 1, 3 do
      local out, err, code = sh(WITH .. "$P --threads " .. threads .. " make.lua")
      assert.are.same({ "", 0 }, { err, code })
      found[threads] = out
    end
    local plain, first, other, second = found[1]:match "^(%x+)\t(%S+)\n(%x+)\t(%S+)\n$"
    assert.are_not.equal(plain, other)
    assert.is_true(math.abs(first - second) < 0.01 * first)
    assert.are.same({ found[1], found[1] }, { found[2], found[3] })
  end)

  it("is float32 where it is not available, and says so once", function()
    file("make.lua", MAKE .. [[
      local model, plain = network "bfloat16", network()
      for _ = 1, 2 do model:fit(set, options) plain:fit(set, options) end
      assert(model:digest() == plain:digest())
      print(model:summary():match "[^\n]*$")
      print(plain:summary():match "[^\n]*$")
      print(digits.info().bfloat16)]])
    local out, err = sh(WITHOUT .. "$P make.lua")
    assert.are.equal("precision of products in training: bfloat16; trained in float32\n" ..
      "multiply-adds of one row: 1,872\nfloat32\n", out)
    assert.are.equal(warning(8, "compile"), err)
  end)

  it("is kept by files, which say what they were trained in", function()
    file("make.lua", SAVE)
    local digest = sh(WITH .. "$P make.lua")
    file("make.lua", MAKE .. [[
      local model = digits.load "model.safetensors"
      print(model.precision, model:digest())
      print(model:summary():match "[^\n]*$")
      for _ = 1, 2 do model:fit(set, options) end
      print(model:summary():match "[^\n]*$")
      model:save "again.safetensors"
      model:compile { optimizer = "adam", loss = "categorical_crossentropy" }
      print(model.precision, digits.load "again.safetensors":summary():match "[^\n]*$")
      model:fit(set, { continue = false, verbose = 0 })
      print(model:summary():match "[^\n]*$")]])
    local line = "precision of products in training: bfloat16; trained in "
    local rest = line .. "%sbfloat16\nfloat32\t" .. line ..
      "%sbfloat16\nmultiply-adds of one row: 1,872\n"
    local head = "bfloat16\t" .. digest .. "\n" .. line .. "bfloat16\n"
    assert.are.same({ head .. rest:format("", ""), "", 0 }, { sh(WITH .. "$P make.lua") })
    assert.are.same({ head .. rest:format("float32 and ", "float32 and "), warning(17, "fit"), 0 },
      { sh(WITHOUT .. "$P make.lua") })
  end)

  it("predicts in float32", function()
    file("make.lua", MAKE .. [[
      local model = digits.load "model.safetensors"
      local plain = network()
      plain:fit(set, options)
      plain:set_weights(model:weights())
      assert(model:predict_proba(x) == plain:predict_proba(x))
      assert(model:evaluate(set).loss == plain:evaluate(set).loss)
      assert(model:gradients(set)["dense.kernel"] ~= plain:gradients(set)["dense.kernel"])]])
    file("save.lua", SAVE)
    sh(WITH .. "$P save.lua")
    assert.are.same({ "", "", 0 }, { sh(WITH .. "$P make.lua") })
  end)

  it("refuses files that are damaged", function()
    file("save.lua", SAVE)
    sh(WITH .. "$P save.lua")
    local text = read(shell.folder .. "/model.safetensors")
    for from, to in pairs {
      ['\\"precision\\":\\"bfloat16'] = '\\"precision\\":\\"bfloat61',
      ['\\"trained_in\\":[\\"bfloat16'] = '\\"trained_in\\":[\\"bfloat61',
    } do
      local first, last = text:find(from, 1, true)
      file("damaged.safetensors", text:sub(1, first - 1) .. to .. text:sub(last + 1))
      local _, err = sh "$P -e 'require \"digits\".load \"damaged.safetensors\"'"
      assert.matches("must be \"float32\" or \"bfloat16\"", err)
    end
  end)

  it("is reproduced where it can be, and refused elsewhere", function()
    file("make.lua", SAVE)
    local digest = sh(WITH .. "$P make.lua")
    assert.are.same({ "the same, sha256 " .. digest .. "\n", "", 0 },
      { sh(WITH .. "$P --threads 1 reproduce model.safetensors --quiet") })
    assert.are.equal("digits-lua: reproduce: model.safetensors was trained with products in " ..
      "bfloat16, which this processor does not have (they need the instructions AVX512_BF16)\n",
      refusal(WITHOUT))
    digest = sh(WITHOUT .. "$P make.lua")
    assert.are.equal("digits-lua: reproduce: model.safetensors was trained in float32, although " ..
      "bfloat16 was asked for, by a processor that has no products in bfloat16; this one has: " ..
      "set DIGITS_BFLOAT16=off in the environment\n", refusal(WITH))
    assert.are.same({ "the same, sha256 " .. digest .. "\n", 0 },
      { sh(WITHOUT .. "$P reproduce model.safetensors --quiet 2>/dev/null"), 0 })
  end)

  it("refuses other precisions, and other words in the environment", function()
    file("make.lua", MAKE .. [[print(select(2, pcall(network, "bfloat15")))]])
    local out = sh "$P make.lua"
    assert.matches("precision must be one of 'float32', 'bfloat16', found 'bfloat15', did you " ..
      "mean 'bfloat16'%?", out)
    assert.are.same({ "", "digits-lua: the environment variable DIGITS_BFLOAT16: there is no " ..
      "mode 'on': expected 'processor', 'off' or 'emulated'\n", 1 },
      { sh "DIGITS_BFLOAT16=on $P -e 'print(1)'" })
  end)
end)
