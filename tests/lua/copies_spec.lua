-- Experiments that are copied alone into a folder of their own.
local support = require "tests.lua.support"

local program = os.getenv "DIGITS_LUA" or arg[-1]

describe("experiments", function()
  local folder
  setup(function() folder = support.folder() end)
  teardown(function() support.remove(folder) end)

  -- Runs a command; its output, errors and status.
  local function run(command)
    local _, kind, status = os.execute(("{ %s\n} >'%s/stdout' 2>'%s/stderr' </dev/null"):format(
      command, folder, folder))
    return support.read(folder .. "/stdout"), support.read(folder .. "/stderr"),
      kind == "exit" and status or 128 + status
  end

  -- Copies an experiment into a folder of its own, and runs it there.
  local function alone(name, words)
    local own = support.folder()
    support.write(own .. "/" .. name .. ".lua", support.read("experiments/" .. name .. ".lua"))
    local absolute = run(("realpath '%s'"):format(program)):match "[^\n]+"
    local out, err, status = run(("cd '%s' && ulimit -t 600 && '%s' %s.lua %s")
      :format(own, absolute, name, words))
    return out, err, status, own
  end

  it("can be copied, one alone", function()
    local pipe = assert(io.popen "ls experiments")
    local count = 0
    for name in pipe:lines() do
      name = name:match "(.*)%.lua"
      if name and name ~= "study" and name ~= "report_page" then
        local out, err, status, own = alone(name, "--help")
        assert.same({ "", 0 }, { err, status })
        assert.matches("^usage: digits%-lua " .. name .. "%.lua %[options%]\n", out)
        support.remove(own)
        count = count + 1
      end
    end
    pipe:close()
    assert.is_true(count >= 13)
  end)

  it("copied alone, run, and so do those that they run", function()
    local out, err, status, own = alone("random_forest", "--quick --trees 2")
    assert.same({ "", 0 }, { err, status })
    assert.matches("test accuracy 0%.", out)
    assert.matches("^<%?xml", support.read(own .. "/out/random_forest_importance.svg"))
    support.remove(own)
    if support.sanitized then return end -- minutes
    out, err, status, own = alone("deploy", "--quick")
    assert.same({ "", 0 }, { err, status })
    assert.matches("test accuracy 0%..*accuracy on unseen data: 0%.", out)
    support.remove(own)
  end)

  it("take the study.lua that lies beside them", function()
    local own = support.folder()
    support.write(own .. "/mine.lua", "print(require 'experiments.study')")
    support.write(own .. "/study.lua", "return 'mine'")
    local out = run(("'%s' '%s/mine.lua'"):format(program, own))
    assert.equal("mine\t" .. own .. "/study.lua\n", out)
    support.remove(own)
  end)
end)
