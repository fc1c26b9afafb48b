-- The study in its quick form, and the pages that digits.report writes.
local digits = require "digits"
local html = require "digits.report.html"
local support = require "tests.lua.support"
local report = digits.report

local program = os.getenv "DIGITS_LUA" or arg[-1]

-- Runs a command; its output, errors and status.
local function run(folder, command)
  local _, kind, status = os.execute(("%s >'%s/stdout' 2>'%s/stderr' </dev/null"):format(command,
    folder, folder))
  return support.read(folder .. "/stdout"), support.read(folder .. "/stderr"),
    kind == "exit" and status or 128 + status
end

-- Ten minutes of processor time at most: only what never ends meets that, on the slowest machine.
local function experiment(folder, name, words)
  return run(folder, ("ulimit -t 600; '%s' experiments/%s.lua %s"):format(program, name, words))
end

describe("report", function()
  local folder, path
  setup(function()
    folder = support.folder()
    path = folder .. "/pages/page.html"
  end)
  teardown(function() support.remove(folder) end)

  it("writes base64 as RFC 4648 has it", function()
    local vectors = { [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foob = "Zm9vYg==",
      fooba = "Zm9vYmE=", foobar = "Zm9vYmFy", ["\0\255\254"] = "AP/+" }
    for bytes, text in pairs(vectors) do assert.equal(text, html.base64(bytes)) end
  end)

  it("writes what it is given, escaped, into one file", function()
    local page = report.new(path, { title = "1 < 2 & \"so\"", lead = "a\1b \255" })
    page:tiles { { "<i>", "5 %" } }
    page:section "A & B":part "<p>":text("`x < y` costs 3 %"):list { "one", "<two>" }
    page:code "if a < b then\n  c() --x=<"
    page:table { head = { "<h>", "n" }, rows = { { "&", 1 }, { "z", 2 } }, best = 2 }
    page:figure(digits.plot.line { y = { 1, 2 } }, "a \"figure\" & more")
    assert.is_nil(io.open(path))
    page:save()
    local text = support.read(path)
    assert.truthy(text:find("<title>1 &lt; 2 &amp; &quot;so&quot;</title>", 1, true))
    assert.truthy(text:find("<p class=\"lead\">ab ?</p>", 1, true))
    assert.truthy(text:find("<dt>&lt;i&gt;</dt><dd>5\u{a0}%</dd>", 1, true))
    assert.truthy(text:find('<h2 id="a-b">A &amp; B</h2>\n<h3>&lt;p&gt;</h3>\n' ..
      "<p><code>x &lt; y</code> costs 3\u{a0}%</p>\n<ul>\n<li>one</li>\n<li>&lt;two&gt;</li>",
      1, true))
    assert.truthy(text:find('<a href="#a-b">A &amp; B</a>', 1, true))
    assert.truthy(text:find("<pre>if a &lt; b then\n  c() <span>--x=&lt;</span></pre>", 1, true))
    assert.truthy(text:find('<tr><td class="text">&amp;</td><td>1</td></tr>\n' ..
      '<tr class="best"><td class="text">z</td><td>2</td></tr>', 1, true))
    assert.truthy(text:find('alt="a &quot;figure&quot; &amp; more">', 1, true))
  end)

  it("refuses a path that cannot be written, before the work", function()
    assert.matches("/dev/null", support.message(function()
      report.new("/dev/null/page.html", { title = "x" })
    end))
    assert.matches("title is required %(a string%)",
      support.message(function() report.new(path) end))
    local page = report.new(path, { title = "x" })
    assert.matches("figure: caption is required %(a string%)",
      support.message(function() page:figure(digits.plot.line { y = { 1, 2 } }) end))
    assert.matches("table: rows is required %(a list, each a list or tensor%)",
      support.message(function() page:table { head = { "a" } } end))
  end)
end)

describe("experiments", function()
  local folder
  setup(function() folder = support.folder() end)
  teardown(function() support.remove(folder) end)

  it("refuse a folder that cannot be written, before the work", function()
    for _, name in ipairs { "report", "grid_search", "deploy", "label_errors" } do
      local out, err, status = experiment(folder, name, "--out /dev/null/x")
      assert.equal(1, status)
      assert.equal("", out)
      assert.matches("^experiments/[%w_]+%.lua: cannot write into %-%-out '/dev/null/x': [^\n]+\n$",
        err)
    end
  end)

  it("refuse it likewise where they draw nothing", function()
    for _, name in ipairs { "cnn", "nn" } do
      local out, err, status = experiment(folder, name, "--out /proc")
      assert.equal(1, status)
      assert.equal("", out)
      assert.matches("path: cannot write /proc/" .. name .. "%.safetensors: ", err)
    end
  end)

  it("refuse to begin without gnuplot", function()
    local _, err, status = run(folder, ("PATH=/nowhere '%s' experiments/compare.lua --out '%s'")
      :format(program, folder))
    assert.equal(1, status)
    assert.matches("^experiments/compare%.lua: cannot draw: gnuplot, [^\n]+ was not found[^\n]+\n$",
      err)
  end)

  it("refuse counts below 1", function()
    local _, err, status = experiment(folder, "pooling", "--epochs 0 --out " .. folder)
    assert.equal(1, status)
    assert.equal("experiments/pooling.lua: --epochs must be at least 1, found 0\n", err)
    _, err, status = experiment(folder, "label_errors", "--show 0 --out " .. folder)
    assert.equal(1, status)
    assert.equal("experiments/label_errors.lua: --show must be at least 1, found 0\n", err)
  end)

  it("refuse a layer that is not there, before the work", function()
    local out, err, status = experiment(folder, "cnn_xgboost", "--quick --layer dens --out "
      .. folder)
    assert.equal(1, status)
    assert.is_nil(out:find("accuracy", 1, true))
    assert.matches("the model has no layer 'dens', did you mean 'dense'%?", err)
  end)

  if support.sanitized then return end -- minutes, for code that other specs run

  it("grow the same forest from one-hot labels and scaled pixels", function()
    local plain = experiment(folder, "random_forest", "--quick --out " .. folder)
    local other = experiment(folder, "random_forest", "--quick --one-hot --scale --out " .. folder)
    local accuracy = plain:match "test accuracy (0%.%d+)"
    assert.is_true(tonumber(accuracy) > 0.9)
    assert.is_true(math.abs(accuracy - other:match "test accuracy (0%.%d+)") <= 0.003)
    assert.matches("^<%?xml", support.read(folder .. "/random_forest_importance.svg"))
  end)

  it("find labels that were changed, and print cleanlab's figures of the same ones only", function()
    local words = "--rows 400 --epochs 1 --folds 2 --out " .. folder
    local figures = folder .. "/label_flips.cleanlab.csv"
    local out, err, status = experiment(folder, "label_flips", words)
    assert.equal(0, status, err)
    assert.matches("look%-alikes 5 %% +20 changed, average precision 0%.%d+; %d+ issues", out)
    assert.matches("for cleanlab's figures, in .*: python3 tests/golden/make_label_issues.py", out)
    local rows = 0
    for line in io.lines(folder .. "/label_flips.csv") do
      rows = rows + 1
      assert.matches("^%a[^,]+,%d,%d,[%d.e-]+,", line)
    end
    assert.equal(1200, rows)
    support.write(figures, "random 1 %,self_confidence,0.999999\n")
    assert.matches("are for other probabilities", (experiment(folder, "label_flips", words)))
  end)

  it("judge by other writers, and end with size and accuracy", function()
    local out, err, status = experiment(folder, "writers",
      "--quick --epochs 1 --seeds 2 --data mnist --out " .. folder)
    assert.equal(0, status, err)
    local known, all = out:match "random split, seed 2: [^\n]+; (%d+) of (%d+) writers were trained"
    assert.is_true(tonumber(known) > 0.9 * all)
    assert.matches("other writers, seed 2: test accuracy 0%.%d+ %(95 %%: [^\n]+; 0 of %d+ writers",
      out)
    local mixed, apart = out:match "\nrandom split +(0%.%d+) ± .-\nother writers +(0%.%d+) ±"
    local points = out:match("\nother writers: ([+-]%d+%.%d+) points of accuracy " ..
      "%(95 %%: [+-][^\n]+; over 2 seeds ± %d+%.%d+, p = 0%.%d+\n")
    assert.is_true(math.abs(points / 100 - (apart - mixed)) < 2e-4)
    assert.matches("592074 parameters, 1%.05 million multiply%-adds for each image\n" ..
      "accuracy " .. apart .. " ± 0%.%d+ of 2 seeds, %d+%.%d s of training each\n$", out)
    assert.truthy(digits.load(folder .. "/writers.safetensors"))
  end)

  it("learn within seconds", function()
    local out, err, status = experiment(folder, "seconds",
      "--quick --seeds 2 --data mnist --out " .. folder)
    assert.equal(0, status, err)
    local accuracy, rest = out:match "\naccuracy (0%.%d+) ± (0%.%d+ of 2 seeds[^\n]+)\n$"
    assert.is_true(tonumber(accuracy) > 0.9)
    assert.matches("^0%.%d+ of 2 seeds, %d+%.%d s of training each$", rest)
    assert.matches("\n215194 parameters, 1%.24 million multiply%-adds for each image\n", out)
    assert.truthy(digits.load(folder .. "/seconds.safetensors"))
  end)

  it("tell what each augmentation is worth, and show it", function()
    local out, err, status = experiment(folder, "augment", "--quick --epochs 1 --out " .. folder)
    assert.equal(0, status, err)
    for _, name in ipairs { "none", "rotation", "mixup", "move, turn, zoom" } do
      assert.matches("\n" .. name .. " +0%.%d+ +0%.%d+ +0%.%d+ to 0%.%d+", out)
    end
    assert.matches("\naccuracy 0%.%d+ of 1 seed, [%d.]+ s of training each\n$", out)
    local picture = support.read(folder .. "/augment_move_turn_zoom.png")
    assert.equal("PNG", picture:sub(2, 4))
    assert.matches("^<%?xml", support.read(folder .. "/augment.svg"))
    assert.equal(10, #digits.load(folder .. "/augment.safetensors").classes)
  end)

  it("read Fashion-MNIST from a folder", function()
    local out, err, status = experiment(folder, "fashion",
      "--quick --epochs 1 --data vendor/mnist --out " .. folder) -- digits, in files of that layout
    assert.equal(0, status, err)
    assert.matches("^6000 images to train on, 1000 to test\n", out)
    assert.matches("%a taken for %a[^\n]*: %d+ %(%d+%.%d %%%)\n", out)
    assert.matches("\naccuracy 0%.%d+ of 1 seed, %d+%.%d s of training each\n$", out)
    assert.truthy(digits.load(folder .. "/fashion.safetensors"))
    out, err, status = experiment(folder, "fashion", "--data " .. folder .. " --out " .. folder)
    assert.equal("", out)
    assert.equal(1, status)
    assert.matches("open: the folder '[^']+' does not contain fashion%-mnist: expected train", err)
  end)

  describe("together", function()
    local page, out, err, status
    setup(function()
      out, err, status = experiment(folder, "report", "--quick --seed 3 --out " .. folder)
      page = status == 0 and support.read(folder .. "/report.html")
    end)

    it("make a page", function()
      assert.equal(0, status, err)
      local sections = {}
      for title in page:gmatch "<h2[^>]*>(.-)</h2>" do sections[#sections + 1] = title end
      assert.same({ "The task and the data", "Four candidates", "Comparing them",
        "Searching for better settings", "When deployed", "What else was tried", "Doubtful labels",
        "Where these figures differ from the report's", "Repeating this study" }, sections)
      assert.matches("in all\n$", out)
    end)

    it("say whether a difference is between fitted models or methods", function()
      assert.matches(": [+-][%d.]+ points of accuracy between these two fitted models %(95 %%: " ..
        "[^)]+%), [not ]*significant %(p [<=] [%d.]+%); [+-][%d.]+ between the methods, the " ..
        "mean of 2 seeds, [not ]*significant %(p [<=] [%d.]+%)\n", out)
    end)

    it("line up the columns of their tables", function()
      local head, row = out:match "\n( +validation[^\n]+)\n(Forest[^\n]+)\n"
      for _, name in ipairs { "validation", "test accuracy", "95 %", "seconds" } do
        local at = utf8.offset(row, (head:find(name, 1, true)))
        assert.matches("^  %d", row:sub(at - 2))
      end
    end)

    it("need nothing but the page", function()
      local pictures = 0
      for source in page:gmatch '<img[^>]- src="([^"]*)"' do
        assert.matches("^data:image/svg%+xml;base64,[%w+/]+=*$", source)
        pictures = pictures + 1
      end
      assert.is_true(pictures >= 25)
      for link in page:gmatch 'href="([^"]*)"' do assert.matches("^[#d]", link) end
      assert.is_nil(page:find("<script", 1, true))
      assert.is_nil(page:find("@import", 1, true))
      assert.is_nil(page:find("url(", 1, true))
    end)

    it("say how to repeat them", function()
      local info = digits.info()
      local text = page:gsub("</?span>", "")
      assert.truthy(text:find("report.lua --data=mnist --quick --repeats=2 --seed=3", 1, true))
      assert.truthy(text:find("experiments/compare.lua --data=mnist", 1, true))
      assert.truthy(page:find("digits-lua " .. info.version, 1, true))
      assert.truthy(page:find(html.escape(info.processor), 1, true))
    end)

    it("give figures that their commands give again", function()
      local deployed = experiment(folder, "deploy", "--quick --seed 3 --out " .. folder)
      local accuracy = tonumber(deployed:match "accuracy on unseen data: (0%.%d+)")
      assert.is_true(accuracy > 0.85)
      local points = out:match "\nother writers: ([+-]%d%.%d+) points of accuracy %(95 %%: [^\n]+\n"
      assert.truthy(page:find("<li>Other writers: " .. points:gsub("^%-", "−") ..
        " points of accuracy", 1, true))
      local interval = digits.metrics.interval { rows = 1400,
        correct = math.floor(accuracy * 1400 + 0.5) }
      assert.truthy(deployed:find(("%.4f (95 %%: %.4f to %.4f)"):format(accuracy, interval.low,
        interval.high), 1, true))
      assert.truthy(page:find(("<dd>%.2f\u{a0}%%</dd>"):format(100 * accuracy), 1, true))
      for counts in deployed:match("truth.-\n(.-)\n%s+precision"):gmatch "[^\n]+" do
        assert.equal(11, select(2, counts:gsub("%d+", "")))
      end
      for sentence in deployed:gmatch "  (%l+ taken for %l+: %d+ %(%d+%.%d)" do
        assert.truthy(page:find(sentence, 1, true))
      end
      assert.matches("\n   micro avg +0%.%d%d +0%.%d%d +0%.%d%d +1400\n", deployed)
    end)

    it("train a model that two have in common once, as each does by itself", function()
      local function accuracies(text, name)
        return text:match(name .. ", seed 3: test accuracy (0%.%d+) [^\n]+\n" .. name ..
          ", seed 4: test accuracy (0%.%d+) [^\n]+\n")
      end
      local alone = experiment(folder, "activations",
        "--quick --epochs 1 --repeats 2 --seed 3 --out " .. folder)
      assert.is_nil(alone:find("before", 1, true))
      assert.same({ accuracies(out, "max") }, { accuracies(alone, "relu") })
      assert.same({ accuracies(out, "relu") }, { accuracies(alone, "relu") })
      assert.equal(2, select(2, out:gsub("relu, seed [34]: [^\n]+ %(trained before%)\n", "")))
      assert.equal(2, select(2, out:gsub("trained before", "")))
    end)

    it("judge a saved model as well", function()
      local words = ("--quick --seed 3 --out '%s'"):format(folder)
      local best = experiment(folder, "deploy", words):match "\ntruth.*"
      local saved = experiment(folder, "deploy",
        ("%s --model '%s/grid_quick_3.best.safetensors'"):format(words, folder))
      assert.equal(best, saved:match "\ntruth.*")
      local _, message, ended = experiment(folder, "deploy",
        words .. " --model /nowhere.safetensors")
      assert.equal(1, ended)
      assert.matches("/nowhere%.safetensors", message)
    end)

    it("find boosting better on what the CNN sees, by more than a point", function()
      local gain = page:match "They gain (%-?%d+%.%d+) points of accuracy"
      assert.is_true(tonumber(gain) >= 1)
    end)

    it("read well in a browser, wide and narrow, light and dark", function()
      local found, _, ended = run(folder, ("tests/browser/check '%s/report.html'"):format(folder))
      if ended == 77 then return pending(found:match "[^\n]+") end
      assert.equal(0, ended, found)
      assert.equal(4, select(2, found:gsub("all well", "")))
    end)
  end)
end)
