-- The same bits for any number of threads, and the report's accuracy, on all of MNIST.
local digits = require "digits"
local support = require "tests.lua.support"
local common = dofile "tests/bench/ours/common.lua"

describe("on 39 200 digits", function()
  local train, test, folder

  setup(function()
    local _
    folder = support.folder()
    train, _, test = common.split(digits.data.mnist())
  end)

  teardown(function()
    digits.threads(2)
    support.remove(folder)
  end)

  local function file_of(make, threads, options)
    digits.seed(1)
    digits.threads(threads)
    local model = make()
    model:fit(train, options)
    local path = ("%s/%d.safetensors"):format(folder, threads)
    model:save(path)
    return support.read(path), model
  end

  for name, case in pairs {
    ["a CNN"] = { common.cnn, { epochs = 1, batch_size = 50, verbose = 0 }, 0.96 },
    ["a dense network"] = { common.dense, { epochs = 2, batch_size = 50, verbose = 0 }, 0.95 },
    ["a forest"] = { function() return common.forest(100, 1) end, { verbose = 0 }, 0.96 },
    ["boosting"] = { function() return common.boosting(20, 1) end, { verbose = 0 }, 0.94 },
  } do
    it(name .. " has the same bits for 1, 2 and 3 threads", function()
      local one, model = file_of(case[1], 1, case[2])
      assert.is_true(model:evaluate(test).accuracy > case[3])
      assert.is_true(one == file_of(case[1], 2, case[2]))
      assert.is_true(one == file_of(case[1], 3, case[2]))
    end)
  end
end)
