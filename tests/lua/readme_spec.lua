-- The README is true: its Lua runs, pasted into the prompt and as a script, on the sample of MNIST.
local shell = dofile "tests/lua/shell.lua"
local support = require "tests.lua.support"

setup(shell.open)
teardown(shell.close)

local readme = support.read "README.md"

-- The Lua of the README, one text, and what is typed in its picture of the prompt.
local function blocks()
  local lua, typed = {}, {}
  for kind, text in readme:gmatch "\n```(%w*)\n(.-)\n```" do
    if kind == "lua" then lua[#lua + 1] = text end
    if text:find "\n> " then
      for line in text:gmatch "\n> ([^\n]*)" do typed[#typed + 1] = line end
    end
  end
  return table.concat(lua, "\n\n") .. "\n", table.concat(typed, "\n") .. "\n"
end

local lua, typed = blocks()

-- Nothing from the user's cache: the 7 000 digits beside the program, for one epoch, not twelve.
local RUN = [[export HOME="$PWD" XDG_CACHE_HOME="$PWD/cache" XDG_STATE_HOME="$PWD/state"
  rm -rf work && mkdir -p work/out && cd work && ]]

local function without_sample_note(err)
  return (err:gsub("digits%-lua: using the sample of 7 000 MNIST digits[^\n]*\n", ""))
end

local written = { "cnn.safetensors", "boost.json", "grid.jsonl", "history.svg", "mistakes.png",
  "augmented.png" }

local function check_written()
  for _, name in ipairs(written) do
    assert.is_true(#support.read(shell.folder .. "/work/" .. name) > 100, name)
  end
end

describe("the README", function()
  it("has Lua in it", function()
    assert.is_true(select(2, lua:gsub("\n", "\n")) > 50)
    assert.is_true(select(2, typed:gsub("\n", "\n")) >= 10)
  end)

  it("names every layer and optimizer", function()
    local digits = require "digits"
    for name, part in pairs(digits.reference()) do
      if part.kind == "layer" or part.kind == "optimizer" then
        assert.is_truthy(readme:find("`" .. name:match "%w+$" .. "`", 1, true), name)
      end
    end
  end)

  if support.sanitized then return end -- minutes, for code that other specs run

  it("runs as a script", function()
    shell.file("readme.lua", lua .. 'print "the end"\n')
    local out, err, code = shell.run(RUN .. "$P ../readme.lua --epochs 1")
    assert.are.same({ "", 0 }, { without_sample_note(err), code })
    assert.matches("the end\n$", out)
    check_written()
  end)

  it("can be pasted into the prompt, and so can its picture of one", function()
    shell.file("typed", lua .. "cnn:save 'out/cnn.safetensors'\n" .. typed ..
      "print 'the end'\n")
    shell.file("nothing.lua", "")
    local out, err, code = shell.run(RUN .. "$P -i ../nothing.lua --epochs 1 <../typed")
    local wrong = without_sample_note(err) -- the one line of the picture that is meant to fail
    assert.matches("^stdin:1: Conv2D: unknown option 'kernal_size'", wrong)
    assert.is_truthy(readme:find("> nn.Conv2D { 32, {5, 5}, kernal_size = 3 }\n" .. wrong, 1, true),
      wrong)
    assert.are.equal(0, code)
    assert.matches("> the end\n> \n$", out)
    assert.matches("> dataset: 1400 rows of {28, 28, 1} uint8, 10 classes\n", out)
    check_written()
  end)
end)
