-- gnuplot that is missing, fails, hangs or is stopped.
local digits = require "digits"
local internals = require("digits.core").internals
local support = require "tests.lua.support"
local plot = digits.plot

-- The message of a run that must fail.
local function message(commands, seconds)
  return support.message(function() internals.picture.gnuplot(commands, seconds) end)
end

describe("gnuplot", function()
  local folder
  before_each(function() folder = support.folder() end)
  after_each(function() support.remove(folder) end)

  local code = [[
    local picture = require("digits").plot.line { y = { 1, 2 } }
    local ok, message = pcall(picture.save, picture, arg[1])
    print(ok, message)]]

  -- Saves over an old file, with this program for gnuplot.
  local function with(script)
    support.write(folder .. "/gnuplot", "#!/bin/sh\n" .. script)
    os.execute("chmod +x '" .. folder .. "/gnuplot'")
    local path = support.write(folder .. "/a.svg", "old")
    local out, err, status = support.run(folder, code, path, "PATH='" .. folder .. "':$PATH")
    assert.are.same({ "", 0 }, { err, status })
    assert.are.equal("old", support.read(path))
    local pipe = io.popen("ls -A '" .. folder .. "'")
    assert.is_nil(pipe:read("a"):find "tmp")
    pipe:close()
    return out:match "^false%s+[^\n]-script%.lua:2: (.*)\n$" or out
  end

  it("missing is an error that says how to install it", function()
    local out = support.run(folder, code, folder .. "/a.svg", "PATH=/nowhere")
    assert.matches("gnuplot, which draws the pictures, was not found", out)
    assert.matches("apt%-get install gnuplot%-nox", out)
    assert.is_nil(io.open(folder .. "/a.svg"))
  end)

  it("that fails half way is quoted, and the old file stays", function()
    assert.are.equal("gnuplot failed with status 3: line 7: no such terminal",
      with "echo '<?xml'; printf '\\n\\nline 7:\\n   no such terminal\\n' >&2; exit 3")
    assert.matches("^gnuplot failed with status 1: it gave no reason$", with "exit 1")
    assert.matches("^gnuplot failed with status 137: ", with "kill -KILL $$")
    assert.are.equal("save: gnuplot wrote an incomplete picture: cut short",
      with "echo '<?xml version'; cat >/dev/null; echo cut short >&2")
    assert.are.equal("save: gnuplot wrote an incomplete picture", with "exit 0")
  end)

  it("that cannot be started says why", function()
    support.write(folder .. "/gnuplot", "")
    local out = support.run(folder, code, folder .. "/a.svg", "PATH='" .. folder .. "'")
    assert.matches("cannot start gnuplot: Permission denied", out)
  end)

  it("runs without a shell, and what it is told is no command after an error", function()
    assert.matches("^gnuplot failed with status 1: .*line 2",
      message("set terminal svg\nplot sin(x\nsystem 'touch " .. folder ..
        "/bad'\n", 10))
    assert.is_nil(io.open(folder .. "/bad"))
  end)

  it("is ended when it takes too long", function()
    local began = digits.clock()
    assert.are.equal("gnuplot did not end within 0.2 s",
      message("pause 30\n", 0.2))
    assert.is_true(digits.clock() - began < 10)
  end)

  it("is ended by Ctrl-C, which is an error like others", function()
    support.write(folder .. "/gnuplot",
      "#!/bin/sh\necho $$ >'" .. folder .. "/pid'\nexec sleep 40\n")
    os.execute("chmod +x '" .. folder .. "/gnuplot'")
    local began = digits.clock()
    local out = support.run(folder, code, folder .. "/a.svg",
      "PATH='" .. folder .. "':$PATH timeout --foreground -s INT 1")
    assert.matches("^false%s.*interrupted\n$", out)
    assert.is_true(digits.clock() - began < 20)
    local pid = support.read(folder .. "/pid"):match "%d+"
    assert.is_falsy(os.execute("kill -0 " .. pid .. " 2>/dev/null"))
  end)

  it("reads no settings of the user's", function()
    support.write(folder .. "/.gnuplot", "set terminal dumb\nexit status 5\n")
    local path = folder .. "/a.svg"
    assert.matches("^true", (support.run(folder, code, path, "HOME='" .. folder .. "'")))
    assert.is_true(support.read(path) == plot.line({ y = { 1, 2 } }):render "svg")
  end)
end)
