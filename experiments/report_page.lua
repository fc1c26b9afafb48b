-- The page of report.lua: text, tables and pictures of the experiments' results.
local digits = require "digits"
local duration = require "digits.duration"
local metrics, plot = digits.metrics, digits.plot

-- The results of the report that this study repeats: test accuracy and training time.
local EARLIER = {
  Forest = { accuracy = 0.88, seconds = 12.476 },
  Network = { accuracy = 0.9527976, seconds = 66.88 },
  CNN = { accuracy = 0.9871429, seconds = 279.143 },
}

local PHONE = 372 -- the width of a picture on a phone, in pixels

-- ---- words and numbers ----

local function percent(x)
  return ("%.2f %%"):format(100 * x)
end

local function thousands(n)
  local text = ("%d"):format(n)
  return #text < 5 and text or (text:gsub("(%d%d%d)$", "\u{a0}%1"))
end

local function value_text(value)
  if type(value) ~= "table" then return ("%s"):format(value) end
  local parts = {}
  for i, item in ipairs(value) do parts[i] = value_text(item) end
  return table.concat(parts, "×")
end

local function epochs(experiment)
  local count = experiment.options.epochs
  return ("%d epoch%s"):format(count, count == 1 and "" or "s")
end

local function named(results, name)
  for _, result in ipairs(results) do
    if result.name == name then return result end
  end
end

-- ---- pictures ----

-- Loss and accuracy as two pictures, one below the other on a phone.
local function courses(history, unit)
  local pictures = {}
  for i, score in ipairs { "loss", "accuracy" } do
    pictures[i] = plot.history({ [score] = history[score],
      ["val_" .. score] = history["val_" .. score] }, { unit = unit })
  end
  return pictures
end

local function images(set, options)
  local wide = plot.images(set, options)
  options.columns = 5
  return { wide, narrow = plot.images(set, options) }
end

local function comparison(results)
  return { plot.compare(results), narrow = plot.compare(results, { width = 460 }) }
end

local function heatmap(pixels, width, height)
  return plot.heatmap(pixels:reshape { 28, 28 },
    { colours = "blue", width = width, height = height })
end

-- ---- tables ----

local function compare_table(page, study, results, caption)
  local rows, best = {}, 1
  for i, result in ipairs(results) do
    if result == study.best(results) then best = i end
    rows[i] = { result.name, study.with_spread(result, "validation", "%.4f"),
      study.with_spread(result, "accuracy", "%.4f"), result.interval,
      study.with_spread(result, "seconds", "%.1f") }
  end
  page:table { head = { "", "validation", "test accuracy", "95 %", "seconds" }, rows = rows,
    best = best, caption = caption }
end

local function verdicts(page, study, differences)
  local sentences = {}
  for i, difference in ipairs(differences) do
    sentences[i] = study.verdict(difference):gsub(" %-(%d)", " −%1") .. "."
  end
  page:list(sentences)
end

-- ---- sections ----

local function about_data(page, found)
  local sets = found.compare.sets
  page:section "The task and the data"
  page:text(
    [[Mail is sorted by machines that read handwriting. This study looks at the core of that task:
      given an image of one handwritten digit, 28 by 28 pixels, say which digit it is. It repeats
      and extends an earlier study in Python, which is called "the report" here.]],
    ([[The images are from MNIST, by LeCun, Cortes and Burges (CC BY-SA 3.0); this study uses %s
      of them. They are split at random, with the same proportion of each digit, into three sets:
      %s for training, %s for choosing between models, and %s for testing, which are used for
      neither, so that they show how well a model does on digits that it has never seen.]])
      :format(thousands(#sets.train + #sets.validation + #sets.test), thousands(#sets.train),
        thousands(#sets.validation), thousands(#sets.test)))
  local rows, counts = {}, {}
  for i, name in ipairs { "train", "validation", "test" } do counts[i] = sets[name]:counts() end
  for i, label in ipairs(sets.train.classes) do
    rows[i] = { label, thousands(counts[1][label]), thousands(counts[2][label]),
      thousands(counts[3][label]) }
  end
  page:table { head = { "digit", "training", "validation", "test" }, rows = rows,
    caption = "How often each digit is in each set." }
  local first = {}
  for i = 1, 40 do first[i] = i end
  page:figure(images(sets.train, { rows = first }), [[What people see: the first forty training
    digits and their labels.]])
  local pixels, lines = sets.train.x[1]:reshape { 28, 28 }, {}
  for row = 8, 17 do
    local cells = {}
    for column = 10, 18 do cells[#cells + 1] = ("%3d"):format(pixels[row][column]) end
    lines[#lines + 1] = table.concat(cells, " ")
  end
  page:text([[What the computer sees: a number for each pixel, from 0 (paper) to 255 (ink). These
    are from the middle of the first digit.]])
  page:code(table.concat(lines, "\n"))
end

local function about_candidates(page, found)
  local results, o = found.compare.results, found.compare.options
  page:section "Four candidates"
  page:text(
    ([[Two of the learners use decision trees, two are neural networks. All get the same images.
      Trees take pixels as they are, because a tree only compares values with thresholds; for
      networks, pixels are divided by 255. The networks are trained for %d epochs in batches of 50
      with Adam at a learning rate of 0.001.]]):format(o.epochs))
  page:part "Random forest"
  page:text(([[%d trees, each grown on its own random sample of the digits, with 28 random pixels to
      choose from at every split; the forest predicts by their mean. About a third of the digits
      are left out of each tree, so the forest can be evaluated without a validation set: this
      out-of-bag accuracy is %s, and that on the validation set %s.]]):format(o.trees,
        percent(named(results, "Forest").runs[1].model.oob_accuracy),
        percent(named(results, "Forest").runs[1].validation)))
  local forest = named(results, "Forest").runs[1].model
  page:figure({ heatmap(forest.feature_importances, 480, 350),
    narrow = heatmap(forest.feature_importances, PHONE, 270) },
    "Importance of each pixel in the forest. The border, which is always paper, has none.")
  page:part "XGBoost"
  page:text(([[%d rounds of boosting; each adds one tree of depth 6 per digit that corrects the
    errors of the trees before it.]]):format(o.rounds))
  page:figure(courses(named(results, "XGBoost").runs[1].history, "round"),
    [[The training of XGBoost. It soon fits the training digits perfectly; validation continues to
      improve for a while after that.]])
  page:part "Network"
  page:text([[The 784 pixels are fully connected to 128 units, these to 64, and these to one output
    for each digit, with ReLU between the layers. An L2 penalty of 0.0001 on the weights reduces
    overfitting.]])
  page:figure(courses(named(results, "Network").runs[1].history), "The training of the network.")
  page:part "CNN"
  page:text([[32 filters of 5×5 pixels slide over the image, the maximum of each 2×2 square is kept,
    half of these values are dropped at random during training, and a dense layer of 128 units
    is followed by one output for each digit.]])
  page:figure(courses(named(results, "CNN").runs[1].history), [[The training of the CNN. Dropout
    makes the task harder during training, so the scores on training digits look worse than they
    are.]])
end

local function about_comparison(page, found, study)
  local compare, o = found.compare, found.options
  local best = study.best(compare.results)
  page:section "Comparing them"
  page:text(([[Accuracy is what counts, time is what it costs. %s, and the best is chosen by its
    accuracy on the validation set: %s. On another %s digits of the same kind the accuracy would be
    a little different: behind each stands the interval in which that on all such digits lies with
    a probability of 95 %% (Wilson's).]]):format(o.repeats > 1
      and ([[Each was trained %s, with seeds from %d on, on the same split of the data; XGBoost
        only once, because its training does not depend on the seed]]):format(
          o.repeats == 2 and "twice" or o.repeats .. " times", o.seed)
      or "Each was trained once", best.name, thousands(#compare.sets.test)))
  compare_table(page, study, compare.results, o.repeats > 1
    and "Means over the seeds, ± their standard deviation." or "One training run each.")
  page:figure(comparison(compare.results), "All four; time is shown as a fraction of the longest.")
  page:figure(comparison(compare.without), [[The same without XGBoost. In the report its time
    dwarfed the others.]])
  page:text([[A difference between two models can be luck, due to the digits that happen to be in
    the test set. McNemar's test looks at the digits that only one of the two gets right, and a
    bootstrap resamples the test set ten thousand times. Both compare two fitted models, those of
    the first seed; a paired t-test over several seeds compares the methods.]])
  verdicts(page, study, compare.differences)
end

-- A picture of the scores against each parameter.
local function search_pictures(search, names)
  local pictures = {}
  for i, name in ipairs(names) do
    local trials = {}
    for k, trial in ipairs(search.trials) do
      trials[k] = { params = { [name] = trial.params[name] }, scores = trial.scores }
    end
    pictures[i] = plot.search({ metric = search.metric, trials = trials }, { width = 360,
      height = 300 })
  end
  return pictures
end

-- The names of parameters that differ between trials, and the values of the others as text.
local function split_names(search)
  local varied, fixed = {}, {}
  for _, name in ipairs(search.names) do
    local first, differs = value_text(search.trials[1].params[name]), false
    for _, trial in ipairs(search.trials) do
      differs = differs or value_text(trial.params[name]) ~= first
    end
    if differs then
      varied[#varied + 1] = name
    else
      fixed[#fixed + 1] = name:gsub("_", " ") .. " " .. first
    end
  end
  return varied, fixed
end

local SHORT = { batch_size = "batch", learning_rate = "rate" }

local function about_search(page, found)
  local search = found.search
  local varied, fixed = split_names(search)
  local total, head, rows = 0, { "" }, {}
  for _, name in ipairs(varied) do head[#head + 1] = SHORT[name] or name end
  for _, name in ipairs { "accuracy", "loss", "time" } do head[#head + 1] = name end
  for i, trial in ipairs(search.ranked) do
    rows[i] = { trial.rank }
    for _, name in ipairs(varied) do table.insert(rows[i], value_text(trial.params[name])) end
    for _, name in ipairs { "accuracy", "loss" } do
      table.insert(rows[i], trial.scores[name] and ("%.4f"):format(trial.scores[name]) or "failed")
    end
    table.insert(rows[i], ("%.1f"):format(trial.seconds))
    total = total + trial.seconds
  end
  local chosen = {}
  for i, name in ipairs(varied) do
    chosen[i] = name:gsub("_", " ") .. " " .. value_text(search.best.params[name])
  end
  page:section "Searching for better settings"
  page:text(([[The settings of the CNN were searched as in the report: all %d combinations of its
    lists, each trained from scratch and scored on the validation set, with a total training time
    of %s. The best has %s, and gets %s of the validation digits right.]]):format(#search.trials,
      duration(total),
      table.concat(chosen, ", "), percent(search.best.scores.accuracy)))
  page:table { head = head, rows = rows, texts = 0, best = 1, caption = [[All trials, the best
    first; accuracy and loss on the validation set, time in seconds. The same in all: ]]
    .. table.concat(fixed, ", ") .. ", activation ReLU." }
  page:figure(search_pictures(search, varied), [[The accuracy of each trial against each setting
    that was varied; the dashed line connects the means.]],
    "Accuracy of the trials against each setting")
end

local function report_table(page, sets, labels)
  local scores = metrics.precision_recall_fscore(sets.test, labels)
  local rows = {}
  local function add(name, score)
    rows[#rows + 1] = { name, ("%.2f"):format(score.precision), ("%.2f"):format(score.recall),
      ("%.2f"):format(score.fscore), thousands(score.support) }
  end
  for _, label in ipairs(scores.labels) do add(label, scores.by_label[label]) end
  for _, average in ipairs { "micro", "macro", "weighted" } do
    add(average .. " avg", scores[average])
  end
  page:table { head = { "", "precision", "recall", "f1-score", "support" }, rows = rows,
    caption = [[Classification report. Precision: the share of correct ones among the digits
      predicted as this one. Recall: the share of this digit that was predicted correctly.]] }
end

local function about_deployment(page, found, study)
  local deploy = found.deploy
  local n, p = #deploy.labels, deploy.accuracy
  local interval = metrics.interval(p, n)
  page:section "When deployed"
  page:text(([[The best network of the search was then evaluated once on the %s test digits. It got
    %s of them right (of all such digits it would get %.2f to %.2f %%, with a probability of 95 %%)
    and %d wrong. About the same can be expected for digits from the same source; those from another
    scanner or another country may differ, and a deployed model should be checked on them from
    time to time.]])
    :format(thousands(n), percent(p), 100 * interval.low, 100 * interval.high, #deploy.wrong))
  if deploy.history then
    page:figure(courses(deploy.history), "The training of the chosen network.")
  end
  page:figure({ plot.confusion_matrix(deploy.matrix),
    narrow = plot.confusion_matrix(deploy.matrix, { width = PHONE, height = 400 }) },
    "Confusion matrix on the test digits: rows are true labels, columns predicted ones.")
  page:text "Its most frequent mistakes:"
  page:list(study.confusions(deploy.matrix, 5))
  report_table(page, deploy.sets, deploy.labels)
  if #deploy.wrong > 0 then
    page:figure(images(deploy.sets.test, { rows = deploy.wrong, predicted = deploy.labels }),
      "Test digits that it got wrong: true → predicted. Some are hard for people, too.")
  end
end

local function about_writers(page, found, study)
  if not found.writers then return end
  local rows = {}
  for i, result in ipairs(found.writers.results) do
    rows[i] = { result.name, study.with_spread(result, "accuracy", "%.4f"), result.interval,
      study.with_spread(result, "seconds", "%.1f") }
  end
  page:part "By other people"
  page:text [[A split at random has digits by nearly every writer in all of its parts, so that a
    model may know the hand that it reads. Who wrote each digit of MNIST was found out by QMNIST
    (Yadav and Bottou 2019). Here the CNN was also trained and tested on splits of the same sizes in
    which nobody wrote digits of two parts: how it does on people that it has never met.]]
  page:table { head = { "", "test accuracy", "95 %", "seconds" }, rows = rows,
    caption = "The CNN after " .. epochs(found.writers) ..
      ", with a split of its own for each seed." }
  page:list { (found.writers.verdict:gsub("^o", "O"):gsub(" %-(%d)", " −%1")) .. "." }
end

local function about_variations(page, found, study)
  page:section "What else was tried"
  page:text [[The report mentions several ideas without trying them. Here are first results, trained
    and compared in the same way.]]
  local combined = found.combined.results
  page:part "Boosting on the CNN"
  page:text(([[A trained CNN turns each digit into the 128 outputs of its dense layer, on which
    boosted trees are trained in place of the 784 pixels. They gain %.2f points of accuracy.]])
    :format(100 * (named(combined, "CNN features").accuracy - named(combined, "pixels").accuracy)))
  compare_table(page, study, combined, [[XGBoost on pixels and on the features of
    the CNN; the time of the second includes that of the CNN.]])
  verdicts(page, study, found.combined.differences)
  page:part "Pooling"
  page:text([[The mean of each square, or of the whole image, in place of the maximum. Global
    pooling discards where in the image a filter responded, and with a single layer of filters
    that is most of the information.]])
  compare_table(page, study, found.pooling.results,
    "Kinds of pooling, after " .. epochs(found.pooling) .. ".")
  verdicts(page, study, found.pooling.differences)
  local gaps, rows = {}, {}
  for i, result in ipairs(found.dropout.results) do
    gaps[i] = ("%.2f with %s"):format(100 * (result.training - result.validation), result.name)
    rows[i] = { result.name, ("%.4f"):format(result.training),
      study.with_spread(result, "validation", "%.4f"),
      study.with_spread(result, "accuracy", "%.4f"), result.interval }
  end
  page:part "Dropout"
  page:text(([[The report saw its CNN overfit: it was better on the training digits than on
    others. The gap between the two, in points of accuracy, is %s.]])
    :format(table.concat(gaps, ", ")))
  page:table { head = { "", "training", "validation", "test", "95 %" }, rows = rows,
    caption = "Accuracy with different shares of the activations dropped in training, after "
      .. epochs(found.dropout) .. "." }
  verdicts(page, study, found.dropout.differences)
  local lines = { xlabel = "epoch", ylabel = "validation loss", width = 460, height = 340 }
  for i, result in ipairs(found.dropout.results) do
    lines[i] = { y = result.runs[1].history.val_loss, label = result.name }
  end
  page:figure(plot.line(lines), "Validation loss with different dropout.")
  page:part "Activation"
  page:text "ReLU, and tanh, which used to be the standard."
  compare_table(page, study, found.activations.results,
    "Activations, after " .. epochs(found.activations) .. ".")
  verdicts(page, study, found.activations.differences)
end

local function about_labels(page, found)
  local labels = found.labels
  page:section "Doubtful labels"
  page:text(([[Nobody should expect 100 %%: some labels are wrong, and some digits are ambiguous. To
    find these, every digit was predicted by networks that had not been trained on it (confident
    learning, Northcutt et al. 2021). By that estimate, about %d of %s labels are wrong or
    ambiguous.]])
    :format(labels.issues.estimate, thousands(#labels.images)))
  page:figure(images(labels.images, { rows = labels.rows, predicted = labels.issues.suggested,
    note = "given → suggested label" }),
    "The forty most doubtful digits: given label → suggested label.")
end

local function about_differences(page, found)
  local rows = {}
  for i, name in ipairs { "Forest", "Network", "CNN" } do
    local ours, theirs = named(found.compare.results, name), EARLIER[name]
    rows[i] = { name, ("%.4f"):format(theirs.accuracy), ("%.4f"):format(ours.accuracy),
      ("%.1f"):format(theirs.seconds), ("%.1f"):format(ours.seconds) }
  end
  rows[4] = { "Best of search", "0.9886", ("%.4f"):format(found.deploy.accuracy), "131.9",
    ("%.1f"):format(found.search.best.seconds) }
  page:section "Where these figures differ from the report's"
  page:table { head = { "", "accuracy: report", "here", "seconds: report", "here" }, rows = rows,
    caption = "Accuracy on test digits and seconds of training, in the report and in this study." }
  page:text([[The forest: the report gave scikit-learn one-hot labels. scikit-learn then solves ten
    separate problems, "is it a 0?" to "is it a 9?", and if no digit gets more than half of the
    votes it answers no to all ten, which counts as wrong even if the right digit has the most
    votes. The report's 0.88 (0.8958 where it first gives the score) shows this effect rather than
    what forests can do. Here one-hot labels are the same as integer labels, and the prediction is
    the digit with the most votes.]],
    [[The network: the report says that it underfits, and does not give its settings.]],
    [[XGBoost: the report gives no accuracy, only that it took 40 minutes longer than the others.
      Trees that choose thresholds from at most 256 bins per pixel need seconds.]],
    [[The search: the report scored its trials on the test set and took the best score for that on
      unseen data, which is slightly optimistic. Here models are chosen on the validation set, and
      the test set is used once. The report's best trial also has a dropout of 0.4, which is not
      among the values that it lists.]],
    "Times were measured on different machines and with different programs.")
end

local function about_repeating(page, found, study)
  local o, lines, rows = found.options, {}, {}
  page:section "Repeating this study"
  page:text([[The same seed gives the same results, bit for bit, on the same kind of processor,
    whatever the number of threads; only times differ. This page was made by:]])
  page:code(study.command("report",
    { seed = o.seed, data = o.data, repeats = o.repeats, quick = o.quick }))
  page:text [[Its parts can be run separately. Here they share the models that they have in common,
    each of which is trained once, so that a part by itself may take longer.]]
  for i, step in ipairs(found.steps) do
    lines[i] = step.command
    rows[i] = { step.name, duration(step.seconds) }
  end
  page:code(table.concat(lines, "\n"))
  rows[#rows + 1] = { "total", duration(found.seconds) }
  page:table { head = { "part", "time" }, rows = rows, best = #rows,
    caption = "Time of each part, including evaluation and drawing." }
  if found.search.restored > 0 then
    page:text(([[The search continued from the journal of an earlier run, which had finished %d of
      its %d trials: that time is not included in this table.]]):format(found.search.restored,
        #found.search.trials))
  end
  local info = digits.info()
  page:table { head = { "", "value" }, texts = 2, rows = {
    { "seed", o.seed }, { "program", "digits-lua " .. info.version }, { "Lua", info.lua },
    { "processor", info.processor },
    { "threads", ("%d of %d"):format(info.threads, info.processors) },
    { "kernels", info.kernels }, { "matrix products", info.openblas },
  }, caption = "Program and machine." }
end

local function headline(page, found, study)
  local results, deploy = found.compare.results, found.deploy
  local best = study.best(results)
  local total = #deploy.sets.train + #deploy.sets.validation + #deploy.sets.test
  page.lead = ([[Four kinds of learner were trained on %s handwritten digits. %s did best, and
    the best network of a search among %d settings reads %s of %s unseen digits correctly.]])
    :format(thousands(#deploy.sets.train),
      best.name == "CNN" and "The convolutional network" or best.name, #found.search.trials,
      percent(deploy.accuracy), thousands(#deploy.sets.test))
  if found.options.quick then
    page.lead = page.lead .. ([[ This is the quick version, on only %s digits and with little
      training: it shows what the study does, not what the learners can do.]])
      :format(thousands(total))
  end
  local tiles = { { "best network, unseen digits", percent(deploy.accuracy) } }
  for i, result in ipairs(results) do
    tiles[i + 1] = { result.name .. ", test accuracy", percent(result.accuracy) }
  end
  tiles[#tiles + 1] = { "the whole study", duration(found.seconds) }
  page:tiles(tiles)
end

return function(page, found, study)
  headline(page, found, study)
  about_data(page, found)
  about_candidates(page, found)
  about_comparison(page, found, study)
  about_search(page, found)
  about_deployment(page, found, study)
  about_writers(page, found, study)
  about_variations(page, found, study)
  about_labels(page, found)
  about_differences(page, found)
  about_repeating(page, found, study)
end
