-- A row is any sample with the right number of values, in whatever shape.
local digits = require "digits"
local support = dofile "tests/lua/support.lua"
local nn = digits.nn

local image = digits.uniform { 6, 6, 1, seed = 1 }
local shapes = { { 6, 6, 1 }, { 6, 6 }, { 36 }, { 1, 36 }, { 1, 6, 6, 1 } }

describe("one row", function()
  for name, input in pairs {
    ["a flat network"] = { 36 }, ["a network of images"] = { 6, 6, 1 },
    ["a row of eight axes"] = { 1, 1, 1, 1, 6, 6, 1, 1 },
  } do
    it("may have any shape for " .. name, function()
      local model = nn.Sequential { nn.Input { shape = input }, nn.Flatten {}, nn.Dense { 3 } }
      local expected = model:predict_proba(image:reshape { 1, 36 })
      assert.are.same({ 1, 3 }, expected.shape)
      for _, shape in ipairs(shapes) do
        assert.is_true(expected == model:predict_proba(image:reshape(shape)))
      end
      assert.are.same({ 2, 3 }, model:predict_proba(digits.ones { 2, 36 }).shape)
      assert.matches("takes rows of shape",
        support.message(function() model:predict_proba(digits.ones { 35 }) end))
    end)
  end
end)
