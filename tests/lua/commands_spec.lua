-- digits-lua WORD: the commands of the library.
local shell = dofile "tests/lua/shell.lua"
local sh, file = shell.run, shell.file

setup(shell.open)
teardown(shell.close)

describe("commands", function()
  it("are listed by --help, and explain themselves", function()
    local out, err, code = sh "$P --help"
    assert.matches("\nCommands .*\n  show +print what is in a model file or a data file\n", out)
    assert.are.same({ "", 0 }, { err, code })
    out, err, code = sh "$P show --help"
    assert.matches("^usage: digits%-lua show FILE\n.*\n  FILE +.*%(the path of a file%)\n", out)
    assert.are.same({ "", 0 }, { err, code })
    assert.matches("^usage: digits%-lua reference %[NAME%]\n.*\n  NAME +a name such as ",
      (sh "$P reference --help"))
  end)

  it("do what they say", function()
    file("make.lua", [[
      local digits = require "digits"
      local set = digits.data.from_tensors { x = digits.uniform { 20, 3, seed = 1 },
        y = digits.zeros { 20, dtype = "int32" } }
      local forest = digits.tree.RandomForest { n_estimators = 3 }
      forest:fit(set, { verbose = 0 })
      forest:save "forest.safetensors"
      print(forest:summary())]])
    local summary = sh "$P make.lua"
    assert.are.equal(summary, (sh "$P show forest.safetensors"))
    assert.are.equal(summary, (sh "$P show --file forest.safetensors"))
    assert.are.equal(summary, (sh "$P show --file=forest.safetensors"))
    assert.matches("^Dense", (sh "$P reference nn.Dense"))
  end)

  it("refuse what is wrong in one sentence and with status 1", function()
    for words, message in pairs {
      ["show"] = "show: file is required (the path of a file)",
      ["show --fiel x"] = "show: unknown option 'fiel', did you mean 'file'?",
      ["show --file"] = "show: expected a value after --file",
      ["show a b"] = "show: unexpected argument 'b'; --help lists the options",
      ["reference nn.Dence"] = "reference: no help on 'nn.Dence'",
      ["show nothing.safetensors"] = "nothing.safetensors",
    } do
      local out, err, code = sh("$P " .. words)
      assert.are.same({ "", 1 }, { out, code })
      assert.matches("^digits%-lua: [^\n]*\n$", err)
      assert.matches(message, err, 1, true)
    end
  end)

  it("are suggested for a word that is nearly one, and no file", function()
    local _, err, code = sh "$P shwo x"
    assert.are.equal(1, code)
    assert.matches("^digits%-lua: cannot open shwo: [^\n]*; did you mean the command 'show'%?\n$",
      err)
    _, err = sh "$P missing.lua"
    assert.is_nil(err:find "did you mean")
  end)

  it("come before a script of the same name, which ./NAME runs", function()
    file("show", "print('mine', ...)")
    local _, err = sh "$P show"
    assert.matches("show: file is required", err)
    assert.are.equal("mine\ta\n", (sh "$P ./show a"))
  end)

  it("get options of the program before them", function()
    local out = sh "$P -e 'print(1)' show --help"
    assert.matches("^1\nusage: ", out)
  end)
end)
