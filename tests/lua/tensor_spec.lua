-- Tensors as Lua values.
local digits = require "digits"
local message = dofile("tests/lua/support.lua").message

local t
before_each(function()
  t = digits.tensor { { 0, 1, 2 }, { 3, 4, 5 } }
end)

describe("making tensors", function()
  it("takes nested tables", function()
    assert.are.same({ 2, 3 }, t.shape)
    assert.are.equal("int32", t.dtype)
    assert.are.equal("float32", digits.tensor({ 1, 2.5 }).dtype)
    assert.are.equal("uint8", digits.tensor({ 1, 2, dtype = "uint8" }).dtype)
    assert.are.same({ 2, 2, 3 }, digits.tensor({ t, t }).shape)
    assert.are.same({}, digits.tensor(5).shape)
  end)

  it("fills, counts and draws", function()
    assert.are.same({ { 0, 0 } }, digits.zeros({ 1, 2 }):totable())
    assert.are.same({ 1, 1 }, digits.ones({ 2, dtype = "int32" }):totable())
    assert.are.same({ 7, 7 }, digits.full({ 2, value = 7 }):totable())
    assert.are.same({ 0, 0, 0 }, digits.zeros(3):totable())
    assert.are.same({ 2, 3 }, digits.zeros({ { 2, 3 } }).shape)
    assert.are.same({ 0, 1, 2 }, digits.range(3):totable())
    assert.are.same({ 5, 3, 1 }, digits.range({ 5, 0, -2 }):totable())
    assert.are.equal("float32", digits.range(0.5, 2).dtype)
    assert.are.same({ 1, 2 }, digits.tensor({ values = { 1, 2 } }):totable())
    assert.are.same({ 0 }, digits.tensor({ dtype = "uint8" }).shape)
    local u = digits.uniform { 1000, low = 2, high = 3, seed = 1 }
    assert.is_true(u:min() >= 2 and u:max() < 3)
    assert.are.equal(u, digits.uniform { 1000, low = 2, high = 3, seed = 1 })
    assert.are_not.equal(u, digits.uniform { 1000, low = 2, high = 3, seed = 2 })
    local n = digits.normal { 10000, mean = 5, stddev = 2, seed = 1 }
    assert.is_true(math.abs(n:mean() - 5) < 0.1 and math.abs(n:std() - 2) < 0.1)
  end)

  it("draws from the global seed, one stream an object", function()
    digits.seed(5)
    local a, b = digits.uniform { 4 }, digits.uniform { 4 }
    digits.seed(5)
    assert.are.equal(a, digits.uniform { 4 })
    assert.are.equal(b, digits.uniform { 4 })
    assert.are_not.equal(a, b)
  end)

  it("joins", function()
    assert.are.same({ 4, 3 }, digits.concat({ t, t }).shape)
    assert.are.same({ { 0, 1, 2, 0, 1, 2 }, { 3, 4, 5, 3, 4, 5 } },
      digits.concat({ t, t, axis = -1 }):totable())
  end)
end)

describe("indexing", function()
  it("reads numbers, rows and slices", function()
    assert.are.equal(5, t[2][3])
    assert.are.equal("integer", math.type(t[2][3]))
    assert.are.equal("float", math.type((t / 1)[2][3]))
    assert.are.same({ 3, 4, 5 }, t[-1]:totable())
    assert.are.same({ 1, 4 }, t[{ {}, 2 }]:totable())
    assert.are.same({ { 1, 2 } }, t[{ { 1, 1 }, { 2, 3 } }]:totable())
    assert.are.same({ { 1, 2 }, { 4, 5 } }, t[{ {}, { -2, -1 } }]:totable())
    assert.are.equal(3, t[{ 2, 1 }])
    assert.are.same({ { 3, 4, 5 }, { 0, 1, 2 }, { 3, 4, 5 } },
      t[digits.tensor { 2, 1, -1 }]:totable())
  end)

  it("ends for ipairs", function()
    local seen = {}
    for i, row in ipairs(t) do seen[i] = row[1] end
    assert.are.same({ 0, 3 }, seen)
    assert.is_nil(t[3])
  end)

  it("shares memory with its views", function()
    local row = t[1]
    row[2] = 9
    t[2] = 7
    t[{ {}, 3 }] = digits.tensor { 1, 2 }
    assert.are.same({ { 0, 9, 1 }, { 7, 7, 2 } }, t:totable())
    t[{ 1, { 1, 2 } }] = { 5, 6 }
    assert.are.same({ 5, 6, 1 }, t[1]:totable())
  end)

  it("assigns to rows by their numbers", function()
    local y, two = digits.tensor { 1, 2, 3, 4 }, digits.tensor { 4, -3 }
    y[two] = 9
    assert.are.same({ 1, 9, 3, 9 }, y:totable())
    y[two] = digits.tensor { 7, 8 }
    assert.are.same({ 1, 8, 3, 7 }, y:totable())
    y[two] = y[digits.tensor { 1, 3 }]
    assert.are.same({ 1, 3, 3, 1 }, y:totable())
    y[y:gt(2):nonzero()] = 0
    assert.are.same({ 1, 0, 0, 1 }, y:totable())
    y[digits.zeros { 0, dtype = "int32" }] = 5
    y[digits.tensor { 2, 2 }] = { 5, 6 }
    assert.are.same({ 1, 6, 0, 1 }, y:totable())
    t[digits.tensor { 2 }] = digits.tensor { 7, 8, 9 } -- broadcast
    assert.are.same({ { 0, 1, 2 }, { 7, 8, 9 } }, t:totable())
    t:transpose()[digits.tensor { 1, 3 }] = { { 5 }, { 6 } }
    assert.are.same({ { 5, 1, 6 }, { 5, 8, 6 } }, t:totable())
    assert.are.equal("index: row 5 is out of range 1 to 4", message(function()
      y[digits.tensor { 1, 5 }] = 0
    end))
    assert.matches("^assignment: .*3", message(function() y[two] = { 1, 2, 3 } end))
    assert.matches("^assignment: .*which int32 cannot hold", message(function()
      y[two] = digits.tensor { 1, 1e12 }
    end))
    assert.are.same({ 1, 6, 0, 1 }, y:totable())
    local set = digits.data.from_tensors { x = digits.zeros { 4, 2 }, y = y }
    assert.matches("belongs to a dataset", message(function() set.y[two] = 0 end))
    y[two] = 5
    assert.are.same({ 1, 6, 0, 1 }, set.y:totable())
  end)

  it("does not take a mask for row numbers", function()
    assert.matches("^index: row numbers must be an int32 tensor, found uint8, which " ..
      "comparisons return: mask:nonzero",
      message(function() return t[digits.tensor { 1, 2 }:lt(5)] end))
    assert.matches("found uint8", message(function() t[digits.tensor { 1, 2 }:lt(5)] = 0 end))
    assert.matches("must be an int32 tensor {n}, found float32 {2}$",
      message(function() return t[digits.tensor { 1.5, 2 }] end))
  end)

  it("refuses what is not there", function()
    assert.are.equal("index 4 is out of range, the axis has 2", message(function() return t[4] end))
    assert.are.equal("index 0: indices count from 1", message(function() return t[0] end))
    assert.are.equal("index 3 is out of range, the axis has 2",
      message(function() t[3] = 1 end))
    assert.are.equal("index: 3 indices were given, the tensor has 2 axes",
      message(function() return t[{ 1, 1, 1 }] end))
    assert.matches("^index: the range { 2, 9 } does not lie within 1 to 3",
      message(function() return t[{ {}, { 2, 9 } }] end))
    assert.are.equal("a tensor has no field 'shap', did you mean 'shape'?",
      message(function() return t.shap end))
    assert.are.equal("the field 'shape' of a tensor cannot be set",
      message(function() t.shape = {} end))
    assert.are.equal("a tensor cannot be indexed with true", message(function() return t[true] end))
  end)

  it("refuses values that do not fit, and changes nothing", function()
    local bytes = digits.tensor { 1, 2, dtype = "uint8" }
    assert.matches("300", message(function() bytes[1] = 300 end))
    assert.matches("1.5", message(function() bytes[{ { 1, 2 } }] = 1.5 end))
    assert.matches("'x' %(a string%)", message(function() bytes[1] = "x" end))
    assert.are.same({ 1, 2 }, bytes:totable())
  end)
end)

describe("arithmetic", function()
  it("is elementwise, with numbers on either side", function()
    assert.are.same({ { 1, 2, 3 }, { 4, 5, 6 } }, (t + 1):totable())
    assert.are.same({ { 10, 9, 8 }, { 7, 6, 5 } }, (10 - t):totable())
    assert.are.same({ { 0, 1, 4 }, { 9, 16, 25 } }, (t * t):totable())
    assert.are.same({ { 0, 1, 0 }, { 1, 0, 1 } }, (t % 2):totable())
    assert.are.same({ 0, -1, -2 }, (-t)[1]:totable())
    assert.are.same({ 0, 1, 4 }, (t ^ 2)[1]:totable())
    assert.are.equal("float32", (t / 2).dtype)
  end)

  it("broadcasts", function()
    assert.are.same({ { 10, 21, 32 }, { 13, 24, 35 } },
      (t + digits.tensor { 10, 20, 30 }):totable())
  end)

  it("never wraps bytes", function()
    local b = digits.full { 2, value = 200, dtype = "uint8" }
    assert.are.equal("int32", (b + b).dtype)
    assert.are.same({ 400, 400 }, (b + b):totable())
  end)

  it("compares elements by name and tensors by ==", function()
    assert.are.same({ { 0, 0, 1 }, { 0, 0, 0 } }, t:eq(2):totable())
    assert.are.same({ { 0, 0, 0 }, { 1, 1, 1 } }, t:gt(2):totable())
    assert.are.equal("uint8", t:le(t).dtype)
    assert.is_true(t == t:copy())
    assert.is_false(t == t:astype "float32")
    assert.matches("^tensors have no order: a:lt", message(function() return t < t end))
    assert.matches("^tensors have no order: a:lt", message(function() return t <= t end))
  end)

  it("refuses other types", function()
    assert.are.equal("+: the other operand must be a tensor or a number, found '1' (a string)",
      message(function() return t + "1" end))
    assert.matches("{2, 3}.*{2}", message(function() return t + digits.zeros { 2 } end))
  end)
end)

describe("methods", function()
  it("reduce, over all or along an axis from 1, -1 the last", function()
    assert.are.equal(15, t:sum())
    assert.are.equal("integer", math.type(t:sum()))
    assert.are.equal(2.5, t:mean())
    assert.are.same({ 3, 5, 7 }, t:sum({ axis = 1 }):totable())
    assert.are.same({ 3, 12 }, t:sum(-1):totable())
    assert.are.same({ 2, 1 }, t:sum({ axis = 2, keep = true }).shape)
    assert.are.same({ 3, 3 }, t:argmax({ axis = -1 }):totable())
    assert.are.equal(6, t:argmax())
    assert.are.equal(1, t:argmin())
    assert.are.equal(0, t:min())
    assert.are.same({ 2, 5 }, t:max(2):totable())
    assert.is_true(math.abs(t:var() - 35 / 12) < 1e-6)
    assert.matches("sum: axis must be 1 to 2 %(or %-1, the last%) for shape {2, 3}, found 3",
      message(function() t:sum { axis = 3 } end))
    for _, axis in ipairs { 0, 1.5, -100, "1", {} } do
      assert.matches("^sum: axis must be a whole number from 1, or from %-1 for the last, found ",
        message(function() t:sum { axis = axis } end))
    end
    assert.matches("unknown option 'keepdims': use keep = true",
      message(function() t:sum { keepdims = true } end))
  end)

  it("sums beyond 32 bits", function()
    local large = digits.full { 4, value = 2000000000, dtype = "int32" }
    assert.are.equal(8000000000, large:sum())
  end)

  it("find, test and clip", function()
    assert.are.same({ { 1, 2 }, { 1, 3 }, { 2, 1 }, { 2, 2 }, { 2, 3 } }, t:nonzero():totable())
    assert.are.same({ 2, 3 }, t[1]:nonzero():totable())
    assert.is_true(t:any())
    assert.is_false(t:all())
    assert.are.same({ 1, 1, 2 }, t:clip(1, 2)[1]:totable())
    assert.are.same({ 1, 1, 2 }, t:clip(1, math.huge)[1]:totable())
    assert.are.equal("int32", t:clip(1, 2).dtype)
    assert.are.equal("float32", t:clip(1, 2.5).dtype)
    assert.are.equal("clip: low (2.0) must not be above high (1.0)",
      message(function() t:clip(2, 1) end))
    assert.are.same({ 3, 3, 3 }, t:maximum(3)[1]:totable())
    assert.are.same({ 1, 0, 0 }, t:logical_not()[1]:totable())
  end)

  it("change shape and type", function()
    assert.are.same({ { 0, 1 }, { 2, 3 }, { 4, 5 } }, t:reshape({ 3, 2 }):totable())
    assert.are.same({ 6 }, t:reshape(-1).shape)
    assert.are.same({ { 0, 3 }, { 1, 4 }, { 2, 5 } }, t:transpose():totable())
    assert.are.same({ 3, 2 }, t:transpose({ 2, 1 }).shape)
    assert.are.same({ 3, 2 }, t:transpose(-1, 1).shape)
    assert.are.equal("transpose: axes count from 1, or from -1 for the last, found 0",
      message(function() t:transpose(0, 1) end))
    assert.are.equal("uint8", t:astype("uint8").dtype)
    assert.matches("did you mean 'uint8'", message(function() t:astype "uint9" end))
    assert.matches("{2, 3}.*{4}", message(function() t:reshape { 4 } end))
  end)

  it("multiply matrices", function()
    assert.are.same({ { 5, 14 }, { 14, 50 } }, t:matmul(t:transpose()):totable())
    assert.are.equal(5, t[1]:matmul(t[1]))
  end)

  it("apply functions", function()
    local x = digits.tensor { 0.0, 1.0, 2.25 }
    assert.are.same({ 0, 1, 1.5 }, x:sqrt():totable())
    assert.is_true(math.abs(x:exp()[2] - math.exp(1)) < 1e-6)
    assert.is_true(math.abs(x:tanh()[2] - 0.76159416) < 1e-6)
    assert.are.equal(0.5, x:sigmoid()[1])
    assert.are.same({ 0, 1, 2 }, x:floor():totable())
    assert.are.same({ 0, 1, 3 }, x:ceil():totable())
  end)
end)

describe("a tensor", function()
  it("prints itself", function()
    assert.matches("^int32 tensor {2, 3}\n", tostring(t))
    assert.are.equal("{2, 3}", tostring(t.shape))
  end)

  it("can be closed", function()
    local kept
    do
      local closed <close> = digits.zeros { 3 }
      kept = closed
    end
    assert.are.equal("the tensor was closed", message(function() return kept[1] end))
    assert.are.equal("closed tensor", tostring(kept))
  end)

  it("refuses sizes that cannot be", function()
    local sizes = "zeros: sizes must be a list of 0 to 8 whole numbers of at least 0, found "
    assert.are.equal(sizes .. "-1",
      message(function() digits.zeros { -1 } end))
    assert.matches("^out of memory", message(function() digits.zeros { 1 << 40, 1 << 40 } end))
    assert.matches("the tables on axis 2 must have the same length, found 2 and 1",
      message(function() digits.tensor { { 1, 2 }, { 3 } } end))
    assert.are.equal(sizes .. "more",
      message(function() digits.zeros(1, 1, 1, 1, 1, 1, 1, 1, 1) end))
    for _, call in ipairs { function() digits.zeros() end, function() digits.zeros(nil) end,
      function() t:reshape() end } do
      assert.matches("sizes is required %(a list of 0 to 8 ", message(call))
    end
    assert.are.equal(sizes .. "nil", message(function() digits.zeros(nil, 3) end))
    assert.are.same({}, digits.zeros {}.shape)
    assert.are.same({}, digits.ones { 1, 1 }:reshape({}).shape)
    assert.matches("^tensor: values must be ", message(function() digits.tensor(nil) end))
    assert.are.equal("zeros: unknown option 'dtyp', did you mean 'dtype'?",
      message(function() digits.zeros { 2, dtyp = "uint8" } end))
  end)
end)
