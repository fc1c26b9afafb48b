-- Texts and numbers in pictures that are hard to write down: quotes, what XML forbids, long labels,
-- logarithms of equal and infinite numbers.
local digits = require "digits"
local internals = require("digits.core").internals
local support = require "tests.lua.support"
local plot = digits.plot

local BOTH = { ["&amp;"] = "&", ["&lt;"] = "<", ["&gt;"] = ">", ["&quot;"] = '"', ["&apos;"] = "'" }

-- The texts of an SVG, as XML reads them.
local function texts_of(svg)
  local found = {}
  for text in svg:gmatch "<text>(.-)</text>" do
    assert.is_nil(text:find("]]>", 1, true), "not well-formed")
    assert.is_nil(text:find "<", "not well-formed")
    found[#found + 1] = (text:gsub("&%w+;", BOTH))
  end
  return found
end

local function contains(list, text)
  for _, one in ipairs(list) do
    if one == text then return true end
  end
  return false
end

describe("texts of pictures", function()
  local cases = { -- what is given, and what stands there
    { "'90s" }, { "a''b" }, { "'" }, { "''" }, { "'''" }, { "]]>" }, { "<&>\"'" }, { "%d %s" },
    { "`ls` $x @y \\n #" }, { "it's @x `ls` \"q\" @y" }, { "\u{85}\u{1FFFE}" },
    { "a\u{FFFE}b\u{FFFF}c", "abc" }, { "a\1\2\127b", "ab" }, { "a\xFFb", "a?b" },
  }

  it("may hold anything, and are the same in the picture", function()
    for _, case in ipairs(cases) do
      local given, wanted = case[1], case[2] or case[1]
      local bars = plot.bar { labels = { given, "x" }, values = { 1, 2 }, title = given .. " title",
        xlabel = given .. " x", ylabel = given .. " y" }
      local svg = bars:render "svg"
      local texts = texts_of(svg)
      for _, after in ipairs { "", " title", " x", " y" } do
        assert.is_true(contains(texts, wanted .. after), given .. after)
      end
      assert.is_nil(svg:find "\xEF\xBF[\xBE\xBF]")
      local line = plot.line { { y = { 1, 2, 3 }, label = given }, { y = { 2, 1, 3 } } }
      assert.is_true(contains(texts_of(line:render "svg"), wanted))
      assert.matches("^\137PNG", line:render "png")
    end
  end)

  it("may be long without taking long", function()
    local long = ("W"):rep(4000)
    local began = os.clock()
    local svg = plot.bar { labels = { long, "x" }, values = { 1, 2 }, xlabel = long,
      title = ("word "):rep(20) }:render "svg"
    assert.is_true(os.clock() - began < 2) -- a tenth of that; it was 9 s
    local cut
    for _, text in ipairs(texts_of(svg)) do cut = cut or text:match "^W+…$" end
    assert.is_truthy(cut)
  end)

  it("are cut so that what is kept has room", function()
    local style = require "digits.plot.style"
    for _, text in ipairs { "iiiiWWWWiiiiWWWW", "äöüäöüäöüäöü", "W", "ab cd ef" } do
      for width = 1, 200, 7 do
        local kept = style.cut(text, 14, width)
        if kept ~= text then
          local bare = kept:sub(1, -1 - #"…")
          assert.are.equal(bare, text:sub(1, #bare))
          assert.is_true(utf8.len(bare) == 1 or style.width(bare, 14) <= width - 14)
          local next_end = (utf8.offset(text, utf8.len(bare) + 2) or #text + 1) - 1
          assert.is_true(style.width(text:sub(1, next_end), 14) > width - 14) -- and no more
        end
      end
    end
  end)
end)

describe("a logarithmic axis", function()
  it("takes equal, infinite, tiny and huge numbers", function()
    for _, y in ipairs { { 1, 1 }, { 5, 5, 5 }, { 1, math.huge }, { 1, 2, math.huge, -math.huge },
      { 0 / 0, 1 }, { 1e-300, 1e308 }, { 1e300, 1e300 }, { 1e-300, 1e-300 } } do
      local picture = plot.line { x = y, y = y, logx = true, logy = true }
      assert.is_true(#texts_of(picture:render "svg") >= 4) -- two ticks an axis
      assert.is_true(#internals.c_locale(require("digits.plot.picture").text, picture, 80, "plain")
        > 100)
    end
    local ok, message = pcall(plot.line, { y = { 1, 0 }, logy = true })
    assert.is_false(ok)
    assert.matches("logy requires positive numbers, found 0", message)
  end)
end)

describe("the module of plots", function()
  it("reads a plot's file when it is asked for, or all by pairs", function()
    local folder = support.folder()
    local out, err = support.run(folder, [[
      local digits = require "digits"
      local function read()
        local names = {}
        for name in pairs(package.loaded) do
          if name:find "^digits%.plot%.%l+$" then names[#names + 1] = name:match "%l+$" end
        end
        return #names
      end
      io.write(read(), " ")
      local roc = digits.plot.roc
      io.write(rawget(digits.plot, "bar") == nil and "one" or "all", " ")
      local names = 0
      for name, plot in pairs(digits.plot) do
        names = names + 1
        assert(type(plot) == "function" and (name ~= "roc" or plot == roc))
      end
      print(names >= 15, #tostring(digits.plot) > 100, rawget(digits.report, "new") == nil)]])
    support.remove(folder)
    assert.are.same({ "0 one true\ttrue\ttrue\n", "" }, { out, err })
  end)
end)
