-- The interactive mode of digits-lua, on a terminal and without one.
local shell = dofile "tests/lua/shell.lua"
local sh, file, read = shell.run, shell.file, shell.read

setup(shell.open)
teardown(shell.close)

-- Types into the interactive mode on a terminal: `steps` alternate between what to wait for in the
-- output and what to type then. Gives all that the terminal showed, without its control codes.
-- `exec`: script runs the command by $SHELL or sh; dash would stay as its parent and die of Ctrl-C.
local function type_in(steps, options)
  local script = { [[
    await() {
      n=0
      until grep -qF -- "$1" out; do
        n=$((n + 1)); [ $n -lt 200 ] || { echo "never shown: $1" >&2; break; }
        sleep 0.05
      done
      sleep 0.1
    }
    {]] }
  for i = 1, #steps, 2 do
    script[#script + 1] = ("await '%s'; printf '%%b' '%s'"):format(steps[i], steps[i + 1])
  end
  script[#script + 1] = ([[
    } | TERM=xterm HOME="$PWD" XDG_STATE_HOME="$PWD/state" env --default-signal=INT \
      script -qec "exec $P %s" /dev/null]]):format(options or "")
  local out, err, code = sh(table.concat(script, "\n"))
  assert.are.equal("", err)
  return out:gsub("\27%[[%d;?]*%a", ""):gsub("[\r\a\b]", ""), code
end

describe("the interactive mode", function()
  before_each(function() sh "rm -rf state" end)

  it("says what there is, prints values, goes on with unfinished input, and ends", function()
    local out, code = type_in {
      "> ", "40 + 2\\n",
      "42", "x = {1, 2, a = \"b\"}\\n",
      "> x =", "x, nil, \"text\"\\n",
      "nil", "for i = 7, 8 do\\n",
      ">> ", "print(i * 11)\\n",
      "(i * 11)", "end\\n",
      "88", "= 10 // 3 == 3\\n",
      "true", "{\\n",
      "> {", "5000 +\\n1}\\n",
      "{5001}", "\\004",
    }
    assert.matches("^digits%-lua %S+ %(Lua 5%.4%.%d+%)\n.*digits, data.* are ready to use", out)
    assert.matches("\n42\n", out)
    assert.matches('\n{1, 2, a = "b"}\tnil\ttext\n', out)
    assert.matches("\n>> print%(i %* 11%)\n>> end\n77\n88\n", out)
    assert.matches("\ntrue\n", out)
    assert.matches("\n{5001}\n", out)
    assert.are.equal(0, code)
  end)

  it("tells errors with their traceback and goes on", function()
    local out, code = type_in {
      "> ", "error \"boo\"\\n",
      "in ?", "x = = 1\\n",
      "near", "setmetatable({}, {__tostring = function() error \"no\" end})\\n",
      ": no", "print(6 * 111)\\n",
      "666", "f(\\n",
      ">> ", "\\004",
      "<eof>", "os.exit(3)\\n",
    }
    assert.matches("\nstdin:1: boo\nstack traceback:\n.*%[C%]: in %?\n", out)
    assert.matches("\nstdin:1: unexpected symbol near '='\n", out)
    assert.matches("\nstdin:1: no\n", out)
    assert.matches("\n666\n", out)
    assert.matches("stdin:1: unexpected symbol near <eof>\n", out)
    assert.are.equal(3, code)
  end)

  it("Ctrl-C gives a fresh prompt, and stops what runs", function()
    local out, code = type_in {
      "> ", "typed in vain",
      "vain", "\\003",
      "^C", "if true then\\n",
      ">> ", "also in vain",
      "also in vain", "\\003",
      "also in vain^C", "print(1100 + 11)\\n",
      "1111", "while true do end\\n",
      "do end", "\\003",
      "interrupted", "coroutine.wrap(function() while true do end end)()\\n",
      "end end)()", "\\003",
      "stdin:1: interrupted", "print(2200 + 22)\\n",
      "2222", "\\004",
    }
    assert.matches("vain%^C\n", out)
    assert.matches("\n1111\n", out)
    assert.matches("interrupted\nstack traceback:\n\tstdin:1: in main chunk", out)
    assert.matches("\n2222\n", out)
    assert.are.equal(0, code)
  end)

  it("Ctrl-C ends a fit, whose history the prompt prints, on lines of their own", function()
    local out = type_in {
      "> ", "local x, y = digits.uniform { 500, 50 }, digits.range { 500 } % 2\\n",
      "% 2", "local forest = tree.RandomForest { 1000000 }\\n",
      "1000000 }", "forest:fit(x, y)\\n",
      "left", "\\003",
      "interrupted", "forest.history.stopped_early, forest\\n",
      "fitted", "\\004",
    }
    assert.matches("left[^\n]*%^C\ndigits%-lua: the fit ends after this step, and keeps what it " ..
      "has learnt\n.*\nepoch[^\n]*\nbest epoch [^\n]* in all, interrupted\n> ", out)
    assert.matches("\ninterrupted\tRandomForest { n_estimators = 1000000 }, fitted\n", out)
  end)

  it("completes names with Tab", function()
    local out = type_in {
      "> ", "print(string.up\\t(\"done\"), \\n",
      ">> ", "mat\\t.mi\\t\\t)\\n",
      "math.min", "\\003",
      "^C", "dofile \"run\\t",
      ".sh", "\\003",
      ".sh^C", "\\004",
    }
    assert.matches("string%.up.*per%(\"done\"%)", out)
    assert.matches("math%.min%s+math%.mininteger", out)
    assert.matches("dofile \"run%.sh", out)
  end)

  it("honours _PROMPT and _PROMPT2", function()
    local out = type_in({
      "one>", "_PROMPT2 = setmetatable({}, {__tostring = function() return \"two>\" end})\\n",
      "_PROMPT2", "do\\n",
      "two>", "end _PROMPT = 1234\\n",
      "1234", "_PROMPT = {}; setmetatable(_PROMPT, {__tostring = error})\\n",
      "= error})", "print(33 * 11)\\n",
      "363", "\\004",
    }, "-e '_PROMPT = [[one>]]' -i")
    assert.matches("one>do", out)
    assert.matches("two>end", out)
    assert.matches("\n363\n", out)
  end)

  it("keeps its history, an entry for several lines, for the user alone", function()
    type_in { "> ", "first = 1\\n", "= 1", "do\\n", ">> ", "a = \"\\\\\\\\n\"\\nend\\n", "end",
      "first = 1\\n", "> ", "first = 1\\n", "> ", "\\004" }
    local out = type_in { "> ", "\\020\\020\\n", "end",
      "print(a == \"\\\\\\\\n\" and 99 * 9)\\n", "891", "\\004" }
    assert.matches("do\n.*a = .*\nend", out)
    assert.matches("\n891\n", out)
    local text = read(shell.folder .. "/state/digits-lua/history")
    assert.are.equal([[first = 1
do\na = "\\\\n"\nend
first = 1
do\na = "\\\\n"\nend
print(a == "\\\\n" and 99 * 9)
]], text)
    assert.are.equal("700\n600\n", (sh "stat -c %a state/digits-lua state/digits-lua/history"))
  end)

  it("keeps a thousand lines, and does without a history it cannot have", function()
    sh "mkdir -p state/digits-lua; seq 1200 >state/digits-lua/history"
    type_in { "> ", "x = 1\\n", "x = 1", "\\004" }
    assert.are.equal("1001\n201\n1200\nx = 1\n", (sh [[
      wc -l <state/digits-lua/history; sed -n '1p;1000p;1001p' state/digits-lua/history]]))
    sh "rm -rf state; echo >state"
    local out, code = type_in { "> ", "print(3 * 37)\\n", "111", "\\004" }
    assert.matches("\n111\n", out)
    assert.are.equal(0, code)
  end)

  it("follows a script with -i, even when its input is no terminal", function()
    file("defs.lua", "x = 20")
    local out, err, code = sh [[
      printf 'x + 1\nfor i = 1, 1 do\nprint "in"\nend\nerror "e"\n' | $P -i defs.lua]]
    assert.matches("^digits%-lua [^\n]*\n[^\n]*\n> 21\n> >> >> in\n> > \n$", out)
    assert.matches("^stdin:1: e\nstack traceback:", err)
    assert.are.equal(0, code)
    assert.are.equal(1, (select(3, sh "$P -i missing.lua </dev/null")))
  end)
end)
