-- plot.scatter: points of series, or by label.
local digits = require "digits"
local text_of = require("digits.plot.picture").text
local support = require "tests.lua.support"
local plot, nan = digits.plot, 0 / 0

-- The texts of an SVG, and how many points of gnuplot's forms it shows.
local function seen(picture)
  local texts, points = {}, 0
  local svg = picture:render "svg"
  for text in svg:gmatch "<text[^>]*>([^<]*)</text>" do texts[text] = (texts[text] or 0) + 1 end
  for _ in svg:gmatch "<use [^>]*transform='translate" do points = points + 1 end
  return texts, points
end

describe("plot.scatter", function()
  it("draws a point for each pair of numbers, and none for what is missing", function()
    local texts, points = seen(plot.scatter { x = { 1, 2, 3, nan }, y = { 2, 4, nan, 1 },
      xlabel = "length", ylabel = "width" })
    assert.are.same({ 1, 1, 2 }, { texts.length, texts.width, points })
  end)

  it("tells series apart, by colour and form, with a legend", function()
    local picture = plot.scatter { { x = { 1, 2 }, y = { 1, 2 }, label = "cats" },
      { x = digits.tensor { 3 }, y = digits.tensor { 4 }, label = "dogs" } }
    local texts, points = seen(picture)
    assert.are.same({ 1, 1, 5 }, { texts.cats, texts.dogs, points }) -- two in the legend
    local marks = picture.layout(640, 420)[1][1].marks
    assert.is_true(marks[1].colour ~= marks[2].colour and marks[1].point ~= marks[2].point)
    local text = text_of(picture, 60, "plain")
    assert.is_true(select(2, text:gsub("%f[%w]c%f[%W]", "")) >= 2)
  end)

  it("puts the points of each label into a series, in the order of the labels", function()
    local marks = plot.scatter({ x = { 1, 2, 3, 4 }, y = { 5, 6, 7, 8 },
      labels = digits.tensor({ 7, 0, 7, 3 }):astype "int32" }).layout(640, 420)[1][1].marks
    local labels = {}
    for i, mark in ipairs(marks) do labels[i] = mark.label end
    assert.are.same({ "0", "3", "7" }, labels)
    assert.are.same({ { 1, 3 }, { 5, 7 } }, { marks[3].x, marks[3].y })
  end)

  it("makes points smaller where there are many", function()
    local function size(count)
      local x = digits.uniform { count, seed = 1 }
      return plot.scatter({ x = x, y = x }).layout(640, 420)[1][1].marks[1].size
    end
    assert.is_true(size(100) > size(1000) and size(1000) > size(10000))
  end)

  it("says what is wrong", function()
    for message, given in pairs {
      ["nothing to draw: expected x and y"] = {},
      ["x and y must have the same length, found 1 and 2"] = { x = { 1 }, y = { 1, 2 } },
      ["x and y must have the same length, found 1 and 0"] = { x = { 1 } },
      ["labels and x must have the same length, found 2 and 1"] =
        { x = { 1 }, y = { 1 }, labels = { 1, 2 } },
      ["labels require a single series, found several"] = { { x = { 1 }, y = { 1 } },
        { x = { 1 }, y = { 1 } }, labels = { 1 } },
      ["logx requires positive numbers, found 0"] = { x = { 0, 1 }, y = { 1, 2 }, logx = true },
      ["series%[1%]: y is required .*"] = { { x = { 1 } } },
      ["y%[1%] must be a number, found 'a' %(a string%)"] = { x = { 1 }, y = { "a" } },
      ["unknown option 'lables', did you mean 'labels'%?"] = { lables = {} },
    } do
      assert.matches("^plot.scatter: " .. message .. "$", support.message(function()
        local picture = plot.scatter(given)
        return picture
      end))
    end
  end)
end)
