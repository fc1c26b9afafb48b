-- What programs do at the edges of what the system gives them. Each runs in a program of its own.
local support = dofile "tests/lua/support.lua"

describe("under a limit of memory", function()
  local folder
  setup(function() folder = support.folder() end)
  teardown(function() support.remove(folder) end)

  local limited = support.sanitized and pending or it

  limited("a first product is refused rather than waited for", function()
    local out, err, code = support.run(folder, [[
      local digits = require "digits"
      local a, kept = digits.ones { 2000, 784 }, {}
      for _, count in ipairs { 1 << 24, 1 << 21, 1 << 18 } do
        local ok, value = true, nil
        while ok do
          ok, value = pcall(digits.zeros, { count })
          if ok then kept[#kept + 1] = value end
        end
      end
      kept[#kept] = nil -- room for the tensors, but not for what OpenBLAS allocates
      collectgarbage()
      local b = digits.ones { 784, 16 }
      print(pcall(a.matmul, a, b))
      kept = nil
      print(a:matmul(b):sum())
    ]], "--threads 2", "ulimit -t 10; ulimit -v 700000;")
    assert.matches("^false\t[^\n]*script.lua:%d+: OpenBLAS: out of memory: [^\n]*\n", out)
    assert.matches("\n25088000.0\n$", out)
    assert.are.same({ "", 0 }, { err, code })
  end)

  limited("of 150 MB the program runs, learns, and refuses products", function()
    local out, err, code = support.run(folder, [[
      local digits = require "digits"
      local nn = digits.nn
      local x = digits.normal { 60, 4, seed = 1 }
      local model = nn.Sequential { nn.Input { 4 }, nn.Dense { 3, activation = "softmax" } }
      model:compile { optimizer = "adam", loss = "categorical_crossentropy" }
      model:fit(digits.data.from_tensors { x = x, y = x[{ {}, { 1, 3 } }]:argmax { axis = 2 } },
        { epochs = 2, verbose = 0 })
      print(pcall(x.matmul, x, x:transpose()))
      print(digits.info().openblas)
    ]], "--threads 2", "ulimit -t 10; ulimit -v 150000;")
    assert.matches("^false\t[^\n]*OpenBLAS: out of memory: [^\n]*\nOpenBLAS [%d.]+ [^\n]*\n$", out)
    assert.are.same({ "", 0 }, { err, code })
  end)

  limited("products do with as many threads as there is room for", function()
    local out, err, code = support.run(folder, [[
      local digits = require "digits"
      local a = digits.ones { 2000, 784 }
      print(a:matmul(a:transpose()):sum())
    ]], "--threads 32", "ulimit -t 10; ulimit -v 1500000;")
    assert.are.same({ "3136000000.0\n", "", 0 }, { out, err, code })
  end)
end)

describe("threads that have just begun", function()
  local folder
  setup(function() folder = support.folder() end)
  teardown(function() support.remove(folder) end)

  it("do not disturb the end of the program", function()
    local script = support.write(folder .. "/short.lua", [[
      local nn, digits = require "digits".nn, require "digits"
      nn.Sequential { nn.Input { 64 }, nn.Dense { 3 } }:predict_proba(digits.ones { 4000, 64 })
    ]])
    local program = ("'%s' --threads 64 '%s'"):format(os.getenv "DIGITS_LUA" or arg[-1], script)
    local four = program .. " & a=$!; " .. program .. " & b=$!; " .. program .. " & c=$!; " ..
      program .. " && wait $a && wait $b && wait $c"
    for _ = 1, support.sanitized and 5 or 40 do
      assert.are.same({ true, "exit", 0 }, { os.execute(four) })
    end
  end)
end)

describe("under a small limit of the stack", function()
  local folder
  setup(function() folder = support.folder() end)
  teardown(function() support.remove(folder) end)

  local limited = support.sanitized and pending or it

  for _, kilobytes in ipairs { 64, 128, 256 } do
    limited("everything works at " .. kilobytes .. " kB", function()
      support.write(folder .. "/some.csv", ("1,2,3\n"):rep(3000))
      local out, err, code = support.run(folder, [[
        local digits = require "digits"
        local data, nn, tree, metrics = digits.data, digits.nn, digits.tree, digits.metrics
        digits.threads(4)
        local set = data.from_tensors { y = digits.range { 0, 200 } % 3,
          x = (digits.uniform { 200, 12, 12, 1, seed = 1 } * 255):astype "uint8" }
        local function network()
          local model = nn.Sequential { nn.Input { 12, 12, 1 },
            nn.Conv2D { 4, { 3, 3 }, activation = "relu" }, nn.MaxPooling2D { { 2, 2 } },
            nn.AveragePooling2D { { 2, 2 } }, nn.BatchNormalization {}, nn.Dropout { 0.5 },
            nn.Flatten {}, nn.Dense { 300 }, nn.Dense { 3, activation = "softmax" } }
          return model:compile { optimizer = "adam", loss = "categorical_crossentropy",
            metrics = { "accuracy" } }
        end
        local model = network()
        for _, each in ipairs { model, tree.RandomForest { n_estimators = 3 },
          tree.GradientBoosting { n_estimators = 3 } } do
          each:fit(set, { verbose = 0 })
          print(each:evaluate(set).accuracy > 0)
        end
        local found = digits.search.grid { params = { a = { 1, 2 } }, workers = 2, seed = 1,
          verbose = 0, train = set, validation = set, metric = "accuracy", model = network,
          fit = function() return {} end }
        print(#found.trials, found.trials[2].error)
        print(#data.csv { arg[1] .. "/some.csv" })
        print(metrics.matthews_corrcoef(set.y, set.y), metrics.accuracy(set.y, set.y))
        print(digits.ones { 300, 300 }:matmul(digits.ones { 300, 300 }):sum())
        local function deep(n) return n == 0 and 0 or 1 + deep(n - 1) end
        print(deep(100000), load("return " .. ("("):rep(190) .. "1" .. (")"):rep(190))())
        error "seen"
      ]], folder, "ulimit -s " .. kilobytes .. ";")
      assert.are.equal("true\ntrue\ntrue\n2\tnil\n3000\n1.0\t1.0\n27000000.0\n100000\t1\n", out)
      assert.matches("script.lua:%d+: seen", err)
      assert.are.equal(1, code)
    end)
  end
end)

describe("a duration", function()
  it("that is not a number of seconds is shown as ?", function()
    local duration = require "digits.duration"
    local nan = math.huge - math.huge
    assert.same({ "?", "?", "?", "62 min" }, { duration(math.huge), duration(nan),
      duration(1e300), duration(3750) })
  end)
end)
