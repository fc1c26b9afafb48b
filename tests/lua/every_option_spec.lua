-- Runs tests/alone/every_option_spec.lua in a process of its own, where no other spec has opened
-- the library or defined functions.
local shell = dofile "tests/lua/shell.lua"

describe("every option of all there is", function()
  it("says what it cannot be, and what it may have meant", function()
    local log = os.tmpname()
    local _, kind, code = os.execute(
      ("'%s' tests/busted.lua --output=gtest tests/alone/every_option_spec.lua >'%s' 2>&1"):format(
        shell.program, log))
    local text = shell.read(log)
    os.remove(log)
    assert.same({ "exit", 0, "4" }, { kind, code, text:match "PASSED  %] (%d+) tests" }, text)
  end)
end)
