-- Class names in pictures.
local digits = require "digits"
local text_of = require("digits.plot.picture").text
local plot = digits.plot

describe("class names", function()
  local named = digits.data.from_tensors { x = digits.uniform { 4, 28, 28, 1, seed = 1 },
    y = digits.tensor { 0, 1, 1, 0 }, class_names = { "T-shirt or top", "ankle boot" } }
  local answers = digits.tensor { 0, 0, 1, 1 }

  it("stand beside a confusion matrix", function()
    local of_set = digits.metrics.confusion_matrix(named, answers)
    local given = digits.metrics.confusion_matrix({ 0, 1 }, { 0, 1 }, { names = { "no", "yes" } })
    for picture, names in pairs {
      [plot.confusion_matrix(of_set)] = { "T-shirt or top", "ankle boot" },
      [plot.confusion_matrix(given)] = { "no", "yes" },
      [plot.confusion_matrix(given, { labels = { "x", "y" } })] = { "x", "y" } } do
      local found = text_of(picture, 100, "plain")
      local svg = picture:render "svg"
      for _, name in ipairs(names) do
        assert.truthy(found:find(name, 1, true), name)
        assert.truthy(svg:find(name, 1, true), name)
      end
    end
  end)

  it("are whole below images, in two lines where one has no room", function()
    local picture = plot.images(named, { predicted = answers })
    local svg = picture:render "svg"
    for _, text in ipairs { ">T-shirt or top<", ">→ ankle boot<", ">ankle boot<",
      ">→ T-shirt or top<" } do
      assert.truthy(svg:find((text:gsub("[<>]", "")), 1, true), text)
    end
    assert.is_nil(svg:find("…", 1, true))
    local found = text_of(picture, 80, "plain")
    assert.truthy(found:find("T-shirt or top → ankle boot ✗", 1, true))
    assert.truthy(found:find("ankle boot → T-shirt or top ✗", 1, true))
  end)

  it("are cut on both sides of the arrow where two lines have no room either", function()
    local svg = plot.images(named, { predicted = answers, columns = 4, width = 240 }):render "svg"
    assert.matches("→ an", svg)
    assert.matches("→ T", svg)
  end)
end)
