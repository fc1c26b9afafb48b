-- Instruction counts: how profiles are read, and what is said of a count that changed.
local counts = dofile "tests/counts/counts.lua"

describe("instruction counts", function()
  local profile = {
    "version: 1", "positions: line", "events: Ir", "summary: 1110", "",
    "ob=(1) /lib/libc.so.6", "fl=(1) ???", "fn=(1) memcpy", "0 100", "",
    "ob=(2) /x/digits-lua", "fn=(2) main", "16 4", "+3 6",
    "cob=(1)", "cfn=(1)", "calls=1 0 ", "* 100",
    "cob=(3) /lib/libm.so.6", "cfn=(3) exp", "calls=2 0 ", "0 500",
    "* 500", "", "ob=(3)", "fn=(3)", "-2 500", "totals: 1110",
  }

  local function by_object(lines)
    local at = 0
    return counts.by_object(function()
      at = at + 1
      return lines[at]
    end)
  end

  it("are summed by object, without what is called", function()
    assert.same({ ["/lib/libc.so.6"] = 100, ["/x/digits-lua"] = 510, ["/lib/libm.so.6"] = 500 },
      by_object(profile))
  end)

  it("must make up the profile's total", function()
    profile[13] = "16 5"
    assert.has_error(function() by_object(profile) end,
      "the profile's total is 1110 instructions, but its lines have 1111")
    assert.has_error(function() by_object {} end,
      "the profile's total is nil instructions, but its lines have 0")
  end)

  it("may change by 5 %, up or down", function()
    assert.is_nil(counts.complaint("cnn", 1000000, 1000000))
    assert.is_nil(counts.complaint("cnn", 1049999, 1000000))
    assert.is_nil(counts.complaint("cnn", 952400, 1000000))
  end)

  it("fail when they rise or fall by more, and say what to do", function()
    assert.equal("cnn: 1 060 000 instructions, 1.060 times the 1 000 000 of " ..
      "tests/counts/table.lua (at most 1.05): find out what became slower; if it is worth it, " ..
      "run `make counts` and commit the table", counts.complaint("cnn", 1060000, 1000000))
    assert.equal("cnn: 940 instructions, 0.940 times the 1 000 of tests/counts/table.lua: " ..
      "run `make counts` and commit the table, so that the gain stays",
      counts.complaint("cnn", 940, 1000))
    assert.equal("svm: not in tests/counts/table.lua: run `make counts` and commit it",
      counts.complaint("svm", 940, nil))
  end)

  it("are kept by compiler, target and Lua", function()
    local compiler = { version = "gcc (Debian 12.2.0-14) 12.2.0", target = "x86_64-linux-gnu" }
    assert.equal("gcc (Debian 12.2.0-14) 12.2.0, x86_64-linux-gnu, Lua 5.4.4",
      counts.key(compiler, "Lua 5.4.4"))
  end)

  it("are written as they are read", function()
    local all = { b = { cnn = 3, start = 4 }, ['a "quoted" one'] = { cnn = 5 } }
    assert.same(all, load(counts.table_text(all))())
  end)
end)
