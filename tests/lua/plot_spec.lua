-- Pictures: what they contain, the files they make, and what happens when gnuplot does not.
local digits = require "digits"
local internals = require("digits.core").internals
local text_of = require("digits.plot.picture").text
local support = require "tests.lua.support"
local plot, nan = digits.plot, 0 / 0

-- The message of a call that must fail at the line of the spec.
local function message(action, ...)
  local arguments = table.pack(...)
  return support.message(function()
    local result = action(table.unpack(arguments, 1, arguments.n))
    return result
  end)
end

local set = digits.data.from_tensors {
  x = digits.uniform { 30, 6, 6, 1, seed = 1 },
  y = digits.range { 0, 30 } % 3,
}
local predicted = set.y:totable()
predicted[2], predicted[7] = 2, 2 -- 1 and 0 in truth

local matrix = { labels = { "cat", "dog", "fox" },
  counts = digits.tensor { { 50, 0, 3 }, { 1, 40, 0 }, { 0, 7, 33 } } }

local history = { loss = { 0.4, 0.2, 0.1 }, val_loss = { 0.35, 0.22, 0.21 }, epochs = 3,
  accuracy = { 0.9, 0.95, 0.98 }, val_accuracy = { 0.91, 0.94, 0.95 }, seconds = { 1, 1, 1 },
  best_epoch = 2 }

local candidates = { { name = "CNN", accuracy = 0.987, seconds = 279, accuracy_spread = 0.002 },
  { name = "Forest", accuracy = 0.96, seconds = 2.25 } }

local model = digits.nn.Sequential { digits.nn.Input { 6, 6, 1 }, digits.nn.Conv2D { 4, { 3, 3 } },
  digits.nn.Flatten {}, digits.nn.Dense { 3, activation = "softmax" } }
model:compile { optimizer = "adam", loss = "categorical_crossentropy" }

local trials = {}
for i = 1, 4 do
  trials[i] = { params = { dropout = i % 2 / 2, rate = 10.0 ^ -((i + 1) // 2) },
    scores = { accuracy = 0.9 + i / 100 } }
end
trials[5] = { params = { dropout = 0.5, rate = 1 }, error = "it failed" }

local bins = { { confidence = 0.3, accuracy = 0.25, count = 12 }, { confidence = 0, accuracy = 0,
  count = 0 }, { confidence = 0.9, accuracy = 0.95, count = 300 }, error = 0.0421 }

-- A picture of each kind, by the name of its function, with this title.
local function pictures(title)
  local o = { title = title }
  return {
    history = plot.history(history, o),
    confusion_matrix = plot.confusion_matrix(matrix, o),
    compare = plot.compare(candidates, o),
    images = plot.images(set, { predicted = predicted, most = 8, title = title }),
    heatmap = plot.heatmap(digits.uniform { 4, 5, seed = 2 }, o),
    kernels = plot.kernels(model, nil, o),
    line = plot.line { x = { 1, 2, 3 }, y = { 3, nan, 4 }, label = "a", title = title },
    bar = plot.bar { labels = { "a", "b" }, values = { -3, 5 }, title = title },
    histogram = plot.histogram(digits.normal { 100, seed = 3 }, o),
    roc = plot.roc({ fpr = { 0, 0.1, 1 }, tpr = digits.tensor { 0, 0.9, 1 }, auc = 0.95 }, o),
    calibration = plot.calibration(bins, o),
    search = plot.search({ trials = trials }, o),
    importance = plot.importance({ 0.5, 0.25, 0.125 }, { names = { "x", "y", "z" },
      title = title }),
    grid = plot.grid { plot.history(history), plot.line { y = { 1, 2 } }, title = title },
  }
end

-- Whether tags open and close as in XML, and nothing stands outside of the one that is first.
local function well_formed(xml)
  local open = {}
  local rest = xml:gsub("<%?.-%?>", ""):gsub("<!%-%-.-%-%->", "")
  for text, slash, name, inner in rest:gmatch "([^<]*)<(/?)([%w:]+)(.-)>" do
    local clean = text:gsub("&%a+;", ""):gsub("&#%d+;", "")
    if clean:find "&" or #open == 0 and clean:find "%S" then return false end
    if slash == "/" then
      if table.remove(open) ~= name then return false end
    elseif inner:sub(-1) ~= "/" then
      open[#open + 1] = name
    end
  end
  return #open == 0 and utf8.len(xml) ~= nil
end

local entities = { ["&lt;"] = "<", ["&gt;"] = ">", ["&amp;"] = "&" }

-- The texts that an SVG shows, and how often.
local function texts(svg)
  local found = {}
  for text in svg:gmatch "<text[^>]*>([^<]*)</text>" do
    text = text:gsub("&%a+;", entities)
    found[#found + 1] = text
    found[text] = (found[text] or 0) + 1
  end
  return found
end

local function count(text, pattern)
  return select(2, text:gsub(pattern, ""))
end

describe("files", function()
  local folder
  setup(function() folder = support.folder() end)
  teardown(function() support.remove(folder) end)

  for name, picture in pairs(pictures "A title") do
    it("of " .. name .. " are whole SVG, PNG and PDF, the same each time", function()
      local path = folder .. "/" .. name
      assert.are.equal(picture, picture:save(path .. ".svg"))
      picture:save(path .. ".png"):save(path .. ".PDF")
      local svg, png = support.read(path .. ".svg"), support.read(path .. ".png")
      local pdf = support.read(path .. ".PDF")
      assert.is_true(well_formed(svg))
      assert.are.equal(2, count(svg, ">A title<")) -- the picture's, and the document's
      assert.matches((' width="%d" height="%d"'):format(picture.width, picture.height), svg)
      local width, height = (">I4I4"):unpack(png, 17)
      assert.are.equal("\137PNG\r\n\26\n", png:sub(1, 8))
      assert.are.same({ picture.width, picture.height }, { width, height })
      assert.are.equal("%PDF-", pdf:sub(1, 5))
      assert.is_true(svg == picture:render "svg")
      assert.is_true(png == picture:render "png")
      if pdf:find("/CreationDate", 1, true) then -- cairo 1.18 compresses it
        assert.matches("/CreationDate %(D:20000101000000", pdf)
        assert.is_true(pdf == picture:render "pdf")
      end
    end)
  end

  it("have one of three endings", function()
    local picture = plot.line { y = { 1, 2 } }
    for _, path in ipairs { "a.jpg", "a", "a.svg/b", "svg", "" } do
      assert.are.equal(("save: expected a path that ends in .svg, .png or .pdf, found '%s'")
        :format(path), message(picture.save, picture, path))
    end
    assert.matches("^save: path is required",
      message(picture.save, picture))
    assert.matches("^render: format must be one of 'svg', 'png', 'pdf', found 'gif'",
      message(picture.render, picture, "gif"))
    assert.matches("use a colon: picture:save", message(picture.save, "a.svg"))
  end)

  it("that cannot be written say why before gnuplot runs", function()
    local picture = plot.line { y = { 1, 2 } }
    assert.matches("^cannot write " .. folder .. "/none/a.svg: there is no folder ",
      message(picture.save, picture, folder .. "/none/a.svg"))
    local out, _, status = support.run(folder, [[
      local picture = require("digits").plot.line { y = { 1, 2 } }
      print(select(2, pcall(picture.save, picture, "/proc/a.svg")))]], "", "PATH=")
    assert.matches("cannot write /proc/a.svg", out)
    assert.are.equal(0, status)
  end)

  it("leave nothing else in the folder", function()
    local own = support.folder()
    plot.line({ y = { 1, 2 } }):save(own .. "/a.svg")
    local pipe = io.popen("ls -A '" .. own .. "'")
    assert.are.equal("a.svg\n", pipe:read "a")
    pipe:close()
    support.remove(own)
  end)
end)

describe("texts", function()
  -- gnuplot would expand, run, format or break at each of these
  local nasty = "it's \"q\" \\n \\ @x {a_b}^2 `touch PLACE` $(touch PLACE) %s 50% <b> & é 数 'e'"

  it("stand in pictures as they were given, whatever they are", function()
    local place = os.tmpname()
    os.remove(place)
    local given = nasty:gsub("PLACE", place)
    local wide = { title = given, width = 2600 }
    local all = {
      line = plot.line { y = { 1, 2 }, label = given, xlabel = given, ylabel = given,
        title = given, width = 2600, height = 2600 },
      bar = plot.bar { labels = { given }, values = { 1 }, width = 2600, title = given },
      confusion = plot.confusion_matrix({ labels = { given, given }, counts = { { 1, 0 },
        { 0, 1 } } }, { width = 9000, height = 9000, title = given }),
      images = plot.images(set, { captions = { given }, rows = { 1 }, width = 2600,
        title = given }),
      importance = plot.importance({ 1, 2 }, { names = { "a", "b" }, title = given, width = 2600 }),
      compare = plot.compare({ { name = given, accuracy = 1, seconds = 1 } }, wide),
    }
    local least = { line = 4, bar = 2, confusion = 1, images = 2, importance = 1, compare = 2 }
    for name, picture in pairs(all) do
      local svg = picture:render "svg"
      assert.is_true(well_formed(svg), name)
      assert.is_true((texts(svg)[given] or 0) >= least[name], name)
      assert.matches("^%%PDF", picture:render "pdf")
      assert.matches("touch", text_of(picture, 400, "plain"))
    end
    assert.is_nil(io.open(place))
  end)

  it("may have line ends, and lose what no font can draw", function()
    local svg = plot.line({ y = { 1, 2 }, title = "one\ntwo\1\27[31m \255", xlabel = "a\nb" })
      :render "svg"
    assert.is_true(well_formed(svg))
    local found = texts(svg)
    assert.are.same({ 1, 1, 1 }, { found.one, found["two[31m ?"], found["a b"] })
  end)

  it("that are long are broken or cut, and stay on the sheet", function()
    local found = texts(plot.line({ y = { 1, 2 }, label = ("word "):rep(60),
      title = ("word "):rep(60) }):render "svg")
    local lines, cut = 0, 0
    for _, text in ipairs(found) do
      if text:find "^word" then lines = lines + 1 end
      if text:find "…$" then cut = cut + 1 end
    end
    assert.is_true(lines > 4)
    assert.are.equal(1, cut)
  end)
end)

describe("plots", function()
  it("history draws a panel for each score, and marks the best epoch", function()
    local svg = pictures().history:render "svg"
    local found = texts(svg)
    assert.are.same({ 1, 1, 2, 2, 2 },
      { found.loss, found.accuracy, found.train, found.validation, found.epoch })
    local more = texts(plot.history({ loss = { 3, 2 }, auc = { 0.5, 0.6 } }, { unit = "round" })
      :render "svg")
    assert.are.same({ 1, 1, 2, 2 }, { more.loss, more.auc, more.train, more.round })
    assert.is_nil(more.validation)
  end)

  it("history tells tiny differences apart, begins at 1, and says where there is no number",
    function()
      local course = { loss = {}, accuracy = {} }
      for i = 1, 100 do course.loss[i], course.accuracy[i] = nan, 0.99999 + i * 1e-9 end
      local found = texts(plot.history(course):render "svg")
      assert.are.same({ 1, 2, 2 }, { found["no finite value"], found["1"], found["100"] })
      assert.are.same({ 1, 1 }, { found["0.99999002"], found["0.99999010"] })
    end)

  it("confusion_matrix writes counts and shares into the cells", function()
    local found = texts(plot.confusion_matrix(matrix):render "svg")
    for _, text in ipairs { "50", "94.3 %", "3", "5.7 %", "1", "2.4 %", "40", "97.6 %", "7",
      "17.5 %", "33", "82.5 %", "predicted", "true" } do
      assert.are.equal(1, found[text], text)
    end
    assert.are.equal(3, found["0"])
    assert.are.equal(2, found.cat)
  end)

  it("confusion_matrix of many labels names those that have room", function()
    local many = { labels = {}, counts = digits.zeros { 300, 300, dtype = "int32" } }
    for i = 1, 300 do many.labels[i] = i + 1000 end
    local found = texts(plot.confusion_matrix(many):render "svg")
    assert.is_true(found["1001"] == 2 and #found > 40)
    for _, text in ipairs(found) do assert.is_nil(text:find("…", 1, true)) end
  end)

  it("confusion_matrix takes what metrics returns", function()
    local cm = digits.metrics.confusion_matrix(set.y, digits.tensor(predicted))
    assert.are.same({ 9, 10, 9 }, { cm:count(0, 0), cm:count(2, 2), cm:count(1, 1) })
    local found = texts(plot.confusion_matrix(cm):render "svg")
    assert.are.same({ 1, 2, 2 }, { found["10"], found["9"], found["90.0 %"] })
  end)

  it("confusion_matrix gives errors a scale of their own", function()
    local function shades(counts)
      local svg = plot.confusion_matrix({ labels = { 1, 2 }, counts = counts }):render "svg"
      return svg:match "base64,([^']*)"
    end
    -- ten times the errors, in the same places: other shares, the same colours of errors
    local few = internals.picture.colour(digits.tensor { { 0.9, -0.35 } }, "diverging", -1, 1)
    assert.are.same({ 1, 2, 3 }, few.shape)
    assert.is_true(few[1][1][1] > few[1][1][3] + 100) -- orange
    assert.is_true(few[1][2][3] > few[1][2][1] + 40)  -- pale blue
    assert.are_not.equal(shades { { 99, 1 }, { 0, 100 } }, shades { { 100, 0 }, { 0, 100 } })
  end)

  it("compare writes accuracies and seconds over the bars", function()
    local found = texts(pictures().compare:render "svg")
    for _, text in ipairs { "0.9870", "0.9600", "279 s", "2.2 s", "CNN", "Forest", "accuracy",
      "training time (1.0 = 279 s)" } do
      assert.are.equal(1, found[text], text)
    end
  end)

  it("compare writes no number over another, and long times in larger units", function()
    local function heights(seconds)
      local svg = plot.compare({ { name = "a", accuracy = 1, seconds = seconds } },
        { width = 140 }):render "svg"
      local y = {}
      for place, text in svg:gmatch '<g transform="translate%([^,]*,([%d.]+)%)[^<]*<text>([^<]*)' do
        y[text] = tonumber(place)
      end
      return y
    end
    local y = heights(86400)
    assert.is_true(math.abs(y["1.000"] - y["24 h"]) > 12)
    y = heights(3)
    assert.is_true(math.abs(y["1.000"] - y["3.0 s"]) > 12)
    local found = texts(plot.compare({ { name = "a", accuracy = 1, seconds = 1e-5 },
      { name = "b", accuracy = 1, seconds = 1200 }, { name = "c", accuracy = 1, seconds = 0 } })
      :render "svg")
    assert.are.same({ 1, 1, 1 }, { found["< 1 ms"], found["20 min"], found["0 s"] })
  end)

  it("leave out texts at an axis that would meet, cut names, and keep the last on the sheet",
    function()
      local found = texts(plot.line({ x = { -1e30, 1e30 }, y = { 1, 2 }, width = 200 })
        :render "svg")
      assert.are.same({ 1, nil }, { found["−1e+30"], found["−5e+29"] })
      local svg = plot.histogram({ 1e30, -1e30 }):render "svg"
      local right = tonumber(svg:match 'translate%(([%d.]+),[^<]*<text>1e%+30<')
      assert.is_true(right < 640 - 20)
      found = texts(plot.bar({ labels = { ("long "):rep(9), "b" }, values = { 1e9, 1 } })
        :render "svg")
      assert.are.equal(1, found.b)
      assert.is_nil(found[("long "):rep(9)])
    end)

  it("give logarithmic axes several ticks, however short they are", function()
    local found = texts(plot.line({ y = { 3, 4, 5 }, logy = true }):render "svg")
    assert.are.same({ 1, 1, 1 }, { found["3.0"], found["4.0"], found["5.0"] })
    found = texts(plot.line({ y = { 1e-10, 1e20 }, logy = true }):render "svg")
    assert.are.same({ 1, nil }, { found["1e+13"], found["10 000 000 000 000"] })
  end)

  it("images shows rows with labels, and marks mistakes", function()
    local svg = plot.images(set, { predicted = predicted, rows = digits.tensor { 1, 2, 7, 4 } })
      :render "svg"
    local found = texts(svg)
    assert.are.equal(4, count(svg, "<image "))
    assert.are.same({ 1, 1, 2 }, { found["1 → 2"], found["0 → 2"], found["0"] })
    assert.are.equal(1, found["framed: true → predicted"])
    found = texts(plot.images(set, { predicted = predicted, note = "doubtful" }):render "svg")
    assert.are.same({ 1, nil }, { found.doubtful, found["framed: true → predicted"] })
    found = texts(plot.images(set, { predicted = predicted, width = 340 }):render "svg")
    assert.are.equal(1, found["1 → 2"]) -- in smaller letters
    found = texts(plot.images(set, { rows = { 1 } }):render "svg")
    assert.is_nil(found["framed: true → predicted"])
    assert.are.equal(1, texts(plot.images(set, { most = 8 }):render "svg")["8 of 30 shown"])
  end)

  it("images takes tensors, of one to three channels, and rows of values", function()
    for _, x in ipairs { set.x, set.x[1]:reshape { 6, 6 }, digits.uniform { 2, 5, 4 },
      digits.uniform { 2, 5, 4, 3 }, digits.uniform { 3, 36 } } do
      assert.are.equal(math.min(#x.shape == 2 and x.shape[1] == 6 and 1 or #x, 40),
        count(plot.images(x):render "svg", "<image "))
    end
    local found = texts(plot.images(set.x, { labels = set.y, most = 3 }):render "svg")
    assert.are.same({ 1, 1, 1 }, { found["0"], found["1"], found["2"] })
  end)

  it("images shows class names and one-hot labels", function()
    local named = digits.data.from_tensors { x = set.x, y = set.y,
      class_names = { "cat", "dog", "fox" } }
    assert.are.equal(1, texts(plot.images(named, { rows = { 2 } }):render "svg").dog)
    assert.are.equal(1, texts(plot.images(set:one_hot(), { rows = { 3 } }):render "svg")["2"])
  end)

  it("heatmap and kernels have a scale", function()
    local svg = plot.heatmap(digits.tensor { { 0, 1 }, { 2, 4 } }):render "svg"
    assert.are.equal(2, count(svg, "<image "))
    assert.are.equal(1, texts(svg)["4"])
    assert.are.equal(5, count(pictures().kernels:render "svg", "<image "))
    assert.are.equal(2, count(plot.heatmap(digits.tensor { { 5 } }):render "svg", "<image "))
    for _, high in ipairs { 140, 300 } do -- a map of one row is as thick as its scale is long
      local thin = plot.heatmap(digits.uniform { 1, 60, seed = 1 }, { height = high })
      for height in thin:render("svg"):gmatch "<image [^>]-height='([%d.]+)'" do
        assert.is_true(tonumber(height) >= 47)
      end
    end
  end)

  it("importance chooses bars or an image", function()
    assert.matches("^picture: heatmap", tostring(plot.importance(digits.uniform { 36, seed = 1 })))
    local found = texts(plot.importance(digits.tensor { 1, 3, 2 }):render "svg")
    assert.is_nil(found.cat)
    assert.are.equal(1, found.feature)
    assert.is_nil(texts(pictures().importance:render "svg").feature)
    assert.matches("^picture: importance", tostring(plot.importance { 1, 3, 2 }))
    assert.matches("^ *2 .*\n *3 .*\n *1 ", text_of(plot.importance { 1, 3, 2 }, 60, "plain"))
  end)

  it("search draws a panel for each parameter that varies", function()
    local found = texts(plot.search({ trials = trials }):render "svg")
    assert.are.same({ 1, 1, 2 }, { found.dropout, found.rate, found.accuracy })
    assert.are.same({ 2, 2 }, { found.trial, found.mean })
    found = texts(plot.search({ trials = { trials[1] } }):render "svg")
    assert.are.same({ 1, nil }, { found["1.0"], found["1.2"] })
  end)

  it("calibration and roc take one curve or several, by position or name", function()
    local found = texts(plot.calibration(bins):render "svg")
    assert.are.same({ 1, 1 }, { found["expected calibration error 0.0421"], found.rows })
    local curve = { fpr = { 0, 1 }, tpr = { 0, 1 }, auc = 0.5 }
    found = texts(plot.roc({ cnn = curve, forest = curve }):render "svg")
    assert.are.same({ 1, 1 }, { found["cnn (AUC 0.5000)"], found["forest (AUC 0.5000)"] })
    assert.are.equal(2, texts(plot.roc({ curve, curve }):render "svg")["AUC 0.5000"])
    assert.are.equal(2, #plot.roc({ curve }, { logx = true }).layout(520, 520)[1][1].x)
  end)

  it("grid draws pictures side by side, in rows", function()
    local a, b = plot.line { y = { 1, 2 }, ylabel = "A" }, plot.line { y = { 1, 2 }, ylabel = "B" }
    local grid = plot.grid { a, b, a, columns = 2 }
    assert.are.same({ 2 * a.width, 2 * a.height }, { grid.width, grid.height })
    local found = texts(grid:render "svg")
    assert.are.same({ 2, 1 }, { found.A, found.B })
    assert.are.same({ a.width, 3 * a.height },
      { plot.grid({ a, b, a, columns = 1 }).width, plot.grid({ a, b, a, columns = 1 }).height })
  end)

  it("have the size that is asked for", function()
    local picture = plot.line { y = { 1, 2 }, width = 300, height = 200 }
    local width, height = (">I4I4"):unpack(picture:render "png", 17)
    assert.are.same({ 300, 200 }, { width, height })
    assert.are.equal("picture: line, 300 × 200 pixels", tostring(picture))
  end)
end)

describe("bad input", function()
  local line = plot.line { y = { 1, 2 } }
  local cases = {
    { "history: history is required (a table)", plot.history },
    { "history: expected lists of numbers such as loss", plot.history, {} },
    { "history: unknown option 'titel', did you mean 'title'?", plot.history, history,
      { titel = 1 } },
    { "history: title must be a string, found 1", plot.history, history, { title = 1 } },
    { "line: width must be a whole number from 50 to 10000, found 10", plot.line,
      { y = { 1 }, width = 10 } },
    { "line: nothing to draw", plot.line, {} },
    { "line: y must be a list or tensor of numbers, found an empty list", plot.line, { y = {} } },
    { "line: y must be a list or tensor of numbers, found a list without a finite number",
        plot.line,
      { y = { nan } } },
    { "line: y[2] must be a number, found nil", plot.line, { y = { 1, nil, 3 } } },
    { "line: series[1]: y must be a list or tensor of numbers, found 1", plot.line, { { 1, 2 } } },
    { "line: series[2]: unknown option 'labell', did you mean 'label'?", plot.line,
      { { y = { 1 } }, { y = { 1 }, labell = "b" } } },
    { "line: nothing to draw", plot.line, { x = { 1 } } },
    { "bar: series[1]: values is required", plot.bar, { { label = "a" } } },
    { "line: x and y must have the same length, found 1 and 2", plot.line,
      { x = { 1 }, y = { 1, 2 } } },
    { "line: y[2] must be a number, found 'a' (a string)", plot.line, { y = { 1, "a" } } },
    { "line: logy requires positive numbers, found 0", plot.line, { y = { 0, 1 }, logy = true } },
    { "bar: labels and values must have the same length, found 1 and 2", plot.bar, { labels = { 1 },
      values = { 1, 2 } } },
    { "histogram: none of the values is finite", plot.histogram, digits.tensor { nan } },
    { "histogram: bins must be a whole number from 1 to 1000, found 0", plot.histogram, { 1 },
      { bins = 0 } },
    { "confusion_matrix: matrix is required (a table { labels, counts, names = nil })",
      plot.confusion_matrix },
    { "confusion_matrix: matrix must be a table { labels, counts, names = nil }, found a dataset",
      plot.confusion_matrix, set },
    { "confusion_matrix: matrix: counts[1][2] must be a number, found 'x' (a string)",
      plot.confusion_matrix, { labels = { 1 }, counts = { { 1, "x" } } } },
    { "confusion_matrix: expected as many labels as rows of counts, found 2 and 1",
      plot.confusion_matrix, { labels = { 1, 2 }, counts = { { 1 } } } },
    { "confusion_matrix: counts must be square", plot.confusion_matrix,
      { labels = { 1, 2 }, counts = { { 1, 2 }, { 1 } } } },
    { "compare: candidates must be a list", plot.compare, {} },
    { "compare: candidates[1]: seconds is required (a number of at least 0)", plot.compare,
      { { name = "a", accuracy = 1 } } },
    { "compare: candidates[1]: accuracy must be a number from 0 to 1, found 98", plot.compare,
      { { name = "a", accuracy = 98, seconds = 1 } } },
    { "images: source must be a dataset or a tensor, found {} (a list)", plot.images, {} },
    { "images: rows[1] must be a whole number from 1 to 30, found 31", plot.images, set,
      { rows = { 31 } } },
    { "images: nothing to draw: there are no images", plot.images, set, { rows = {} } },
    { "images: predicted must have a label for each of the 30 images, found 2", plot.images, set,
      { predicted = { 1, 2 } } },
    { "images: rows of 35 values are not square images", plot.images, digits.zeros { 2, 35 } },
    { "images: most must be a whole number of at least 1, found 0", plot.images, set,
      { most = 0 } },
    { "heatmap: expected a tensor {height, width}, found shape {4}", plot.heatmap,
      digits.zeros { 4 } },
    { "heatmap: tensor must be a tensor, found a table", plot.heatmap, { { 1 } } },
    { "heatmap: colours must be one of 'cividis', 'blue', 'grey', 'diverging', found 'viridis', " ..
      "did you mean 'cividis'?", plot.heatmap, digits.zeros { 2, 2 }, { colours = "viridis" } },
    { "heatmap: the tensor has no finite values", plot.heatmap, digits.tensor { { nan } } },
    { "kernels: model must be a model, found a dataset", plot.kernels, set },
    { "kernels: model must be a network, found a DecisionTree", plot.kernels,
      digits.tree.DecisionTree {} },
    { "kernels: no layer 'conv' has a kernel", plot.kernels, model, "conv" },
    { "kernels: channel must be a whole number from 1 to 1, found 2", plot.kernels, model,
      { channel = 2 } },
    { "roc: curve: fpr[1] must be a number from 0 to 1, found 2", plot.roc,
      { fpr = { 2 }, tpr = { 1 } } },
    { "roc: curve is required (a list, each a table { fpr, tpr, auc = nil, label = nil })",
      plot.roc },
    { "calibration: curve must be a list", plot.calibration, {} },
    { "calibration: curve: bins[2]: accuracy is required", plot.calibration,
      { bins = { { confidence = 1, accuracy = 1 }, { confidence = 1 } } } },
    { "calibration: all bins are empty", plot.calibration,
      { bins = { { confidence = 0, accuracy = 0, count = 0 } } } },
    { "search: found is required (a table { trials, metric = nil })", plot.search },
    { "search: no trial has a score 'kappa'", plot.search, { trials = trials },
      { metric = "kappa" } },
    { "importance: names and given must have the same length, found 1 and 2", plot.importance,
      { 1, 2 },
      { names = { "a" } } },
    { "grid: pictures is required (a list, each a picture)", plot.grid, {} },
    { "grid: pictures[1] must be a picture, found 'a' (a string)", plot.grid, { "a" } },
    { "grid: columns must be a whole number of at least 1, found 0", plot.grid,
      { line, columns = 0 } },
  }
  it("is named, with what was expected", function()
    for _, case in ipairs(cases) do
      local found = message(case[2], case[3], case[4])
      assert.are.equal("plot." .. case[1], found:sub(1, 5 + #case[1]))
    end
    assert.matches("did you mean 'confusion_matrix'",
      message(function() return plot.confusion_matrx end))
    assert.matches("did you mean 'save'", message(function() return line.sav end))
  end)
end)

describe("terminals", function()
  it("get text that is as wide as they are, and no more", function()
    for name, picture in pairs(pictures "Titel") do
      for _, columns in ipairs { 40, 80, 133 } do
        local text = text_of(picture, columns, "plain")
        assert.is_nil(text:find "\27", name)
        assert.matches("^Titel\n", text)
        for row in text:gmatch "[^\n]*" do
          assert.is_true(utf8.len(row) <= columns, name .. ": " .. row)
        end
      end
    end
  end)

  it("get half-blocks in the colours they know", function()
    local raster = internals.picture.colour(digits.tensor { { 0, 1 }, { 1, 0 } }, "grey", 0, 1)
    local text = internals.picture.text
    assert.are.equal("\27[38;2;255;255;255m\27[48;2;0;0;0m▀" ..
      "\27[38;2;0;0;0m\27[48;2;255;255;255m▀\27[0m\n", text(raster, 2, "true"))
    assert.are.equal("\27[38;5;231m\27[48;5;16m▀\27[38;5;16m\27[48;5;231m▀\27[0m\n",
      text(raster, 2, "256"))
    local middle = internals.picture.colour(digits.full { 2, 2, value = 0.5 }, "grey", 0, 1)
    assert.are.equal("++++\n++++\n", text(middle, 4, "plain"))
    assert.are.equal(" @@ \n@  @\n", text(internals.picture.colour(digits.tensor {
      { 0, 1, 1, 0 }, { 0, 1, 1, 0 }, { 1, 0, 0, 1 }, { 1, 0, 0, 1 } }, "grey", 0, 1), 4, "plain"))
  end)

  it("that are none get no colours; COLUMNS says how wide", function()
    local folder = support.folder()
    local code = [[
      local digits = require "digits"
      digits.plot.images(digits.zeros { 2, 8, 8 }):show()
      digits.plot.line({ y = { 1, 2 } }):show()]]
    local out, err, status = support.run(folder, code, "", "COLORTERM=truecolor COLUMNS=50")
    assert.are.same({ "", 0 }, { err, status })
    assert.is_nil(out:find "\27")
    local widest = 0
    for row in out:gmatch "[^\n]+" do widest = math.max(widest, #row) end
    assert.is_true(widest > 40 and widest <= 50)
    support.remove(folder)
  end)

  it("show a digit as ink", function()
    local four = digits.data.mnist({ part = "test" }):only({ 4 }):take(1)
    local text = text_of(plot.images(four), 40, "plain")
    assert.is_true(count(text, "[*#%%@]") > 20)
    assert.matches("\n4\n", text)
  end)
end)
