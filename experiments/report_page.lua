-- The page of report.lua: prose, tables and pictures from what the experiments found.
local digits = require "digits"
local metrics, plot = digits.metrics, digits.plot

-- What the report that this study repeats found: accuracy on its test set, seconds of training.
local EARLIER = {
  Forest = { accuracy = 0.88, seconds = 12.476 },
  Network = { accuracy = 0.9527976, seconds = 66.88 },
  CNN = { accuracy = 0.9871429, seconds = 279.143 },
}

local PHONE = 372 -- pixels that a picture has there

-- ---- words and numbers ----

local function percent(x)
  return ("%.2f %%"):format(100 * x)
end

local function seconds(x)
  if x < 100 then return ("%.1f s"):format(x) end
  return ("%.1f min"):format(x / 60)
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

-- Loss and accuracy as two pictures, which stand one below the other on a phone.
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
      study.with_spread(result, "accuracy", "%.4f"), study.with_spread(result, "seconds", "%.1f") }
  end
  page:table { head = { "", "validation", "test accuracy", "seconds" }, rows = rows, best = best,
    caption = caption }
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
    [[Mail is sorted by machines that read what people wrote by hand. The task here is the heart
      of that: given a picture of one handwritten digit, 28 by 28 pixels, say which of the ten it
      is.]],
    ([[The pictures are from MNIST, by LeCun, Cortes and Burges (CC BY-SA 3.0); this study uses
      %s of them. They are cut, at random but with the same share of each digit everywhere, into
      three sets: %s to learn from, %s to choose models by, and %s that take no part in learning
      or choosing, so that they tell how a model will do on digits that it has never seen.]])
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
    digits, with their labels.]])
  local pixels, lines = sets.train.x[1]:reshape { 28, 28 }, {}
  for row = 8, 17 do
    local cells = {}
    for column = 10, 18 do cells[#cells + 1] = ("%3d"):format(pixels[row][column]) end
    lines[#lines + 1] = table.concat(cells, " ")
  end
  page:text([[What the computer sees: a number for each pixel, from 0, paper, to 255, ink. This
    is from the middle of the first of these digits.]])
  page:code(table.concat(lines, "\n"))
end

local function about_candidates(page, found)
  local results, o = found.compare.results, found.compare.options
  page:section "Four candidates"
  page:text(
    ([[Two learners grow decision trees, two are neural networks. All get the same pictures.
      Trees take pixels as they are, since a tree only asks whether a value is above a threshold;
      networks divide them by 255. The networks pass %d times over the training digits, 50 at a
      time, with Adam at a learning rate of 0.001.]]):format(o.epochs))
  page:part "Random forest"
  page:text(([[%d trees, each grown on its own random sample of the digits and looking at
      28 random pixels for every question; their mean decides. About a third of the digits are
      left out of each tree, so the forest can judge itself without a validation set: %s by that
      count, %s on the validation set.]]):format(o.trees,
        percent(named(results, "Forest").runs[1].model.oob_accuracy),
        percent(named(results, "Forest").runs[1].validation)))
  local forest = named(results, "Forest").runs[1].model
  page:figure({ heatmap(forest.feature_importances, 480, 350),
    narrow = heatmap(forest.feature_importances, PHONE, 270) },
    "How much each pixel counts in the forest. The rim is always paper and tells nothing.")
  page:part "XGBoost"
  page:text(([[%d rounds of boosting; each adds one tree of depth 6 per digit that mends
    what the trees before got wrong.]]):format(o.rounds))
  page:figure(courses(named(results, "XGBoost").runs[1].history, "round"),
    [[XGBoost's course of training. It soon knows the training digits by heart; validation goes
      on improving for a while after that.]])
  page:part "Network"
  page:text([[The 784 pixels, fully connected to 128 units, these to 64, and these to
    one output for each digit. ReLU between the layers; an L2 penalty of 0.0001 on the weights
    holds overfitting back.]])
  page:figure(courses(named(results, "Network").runs[1].history), [[The network's course of
    training.]])
  page:part "CNN"
  page:text([[32 filters of 5×5 pixels slide over the picture, the strongest answer in each
    2×2 square is kept, half of these are dropped at random while it learns, and a layer of 128
    units decides from what is left.]])
  page:figure(courses(named(results, "CNN").runs[1].history), [[The CNN's course of training.
    While it trains, dropout makes its task harder, so the scores on training digits look worse
    than they are.]])
end

local function about_comparison(page, found, study)
  local compare, o = found.compare, found.options
  local best = study.best(compare.results)
  page:section "Comparing them"
  page:text(([[Accuracy is what counts, time what it costs. %s, and the candidate is chosen by
    its accuracy on the validation set: %s.]]):format(o.repeats > 1
      and ([[Each was trained %s, with seeds from %d on, on the same cut of the data;
        XGBoost once, for it leaves nothing to chance]]):format(
          o.repeats == 2 and "twice" or o.repeats .. " times", o.seed)
      or "Each was trained once", best.name))
  compare_table(page, study, compare.results, o.repeats > 1
    and "Means, ± the standard deviation between seeds." or "One training each.")
  page:figure(comparison(compare.results), "All four; time is a share of the longest.")
  page:figure(comparison(compare.without), [[The same without XGBoost. In the report its time
    dwarfed the others.]])
  page:text([[A difference between two models can be luck: which digits happened to be in the
    test set. McNemar's test looks at the digits that only one of the two gets right, and a
    bootstrap draws the test set again ten thousand times. Both judge two fitted models, those
    of the first seed; of the methods, a paired t-test over the seeds tells, which needs several
    of them.]])
  verdicts(page, study, compare.differences)
end

-- Search results against one parameter each.
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
  page:text(([[The CNN's settings were searched as in the report: every combination of its lists,
    %d in all, each trained anew and scored on the validation set; %s of training. The best has
    %s; it gets %s of the validation digits right.]]):format(#search.trials, seconds(total),
      table.concat(chosen, ", "), percent(search.best.scores.accuracy)))
  page:table { head = head, rows = rows, texts = 0, best = 1, caption = [[All trials, the best
    first; accuracy and loss on the validation set, time in seconds. Everywhere: ]]
    .. table.concat(fixed, ", ") .. ", activation ReLU." }
  page:figure(search_pictures(search, varied), [[Each trial's accuracy, against each setting that
    was varied; the dashed line joins means.]], "Accuracy of the trials against each setting")
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
    caption = [[Classification report. Precision: of the digits that were called so, the share
      that are. Recall: of the digits that are, the share that were called so.]] }
end

local function about_deployment(page, found, study)
  local deploy = found.deploy
  local n, p = #deploy.labels, deploy.accuracy
  page:section "When deployed"
  page:text(([[The best network of the search was then shown the %s test digits, once. It got %s
    of them right (95 %% interval ± %.2f points for a test set of this size) and %d wrong. One
    would expect about this of digits from the same source; those of another scanner or another
    country may differ, and a model in use should be checked against them from time to time.]])
    :format(thousands(n), percent(p), 196 * math.sqrt(p * (1 - p) / n), #deploy.wrong))
  if deploy.history then
    page:figure(courses(deploy.history), "The chosen network's course of training.")
  end
  page:figure({ plot.confusion_matrix(deploy.matrix),
    narrow = plot.confusion_matrix(deploy.matrix, { width = PHONE, height = 400 }) },
    "Confusion matrix on the test digits: rows are what a digit is, columns what it was taken for.")
  page:text "Its most frequent mistakes:"
  page:list(study.confusions(deploy.matrix, 5))
  report_table(page, deploy.sets, deploy.labels)
  if #deploy.wrong > 0 then
    page:figure(images(deploy.sets.test, { rows = deploy.wrong, predicted = deploy.labels }),
      "Test digits that it got wrong: true → predicted. Some would make a person hesitate.")
  end
end

local function about_variations(page, found, study)
  page:section "What else was tried"
  page:text [[The report names several ideas without trying them. These are first answers,
    trained and compared in the same way.]]
  local combined = found.combined.results
  page:part "Boosting on the CNN"
  page:text(([[A trained CNN turns each digit into the 128 outputs of its dense layer; boosted trees
    then decide from these, in place of 784 pixels. They gain %.2f points of accuracy.]]):format(
    100 * (named(combined, "CNN features").accuracy - named(combined, "pixels").accuracy)))
  compare_table(page, study, combined, [[XGBoost on pixels and on what the CNN
    sees; the time of the second includes the CNN's.]])
  verdicts(page, study, found.combined.differences)
  page:part "Pooling"
  page:text([[Keeping the mean of each square, or of the whole picture, in place of the
    maximum. Global pooling forgets where in the picture a filter answered, and with one layer of
    filters that is most of what there is to know.]])
  compare_table(page, study, found.pooling.results,
    "Ways of pooling, after " .. epochs(found.pooling) .. ".")
  verdicts(page, study, found.pooling.differences)
  local gaps, rows = {}, {}
  for i, result in ipairs(found.dropout.results) do
    gaps[i] = ("%.2f with %s"):format(100 * (result.learnt - result.validation), result.name)
    rows[i] = { result.name, ("%.4f"):format(result.learnt),
      study.with_spread(result, "validation", "%.4f"),
      study.with_spread(result, "accuracy", "%.4f") }
  end
  page:part "Dropout"
  page:text(([[The report saw its CNN overfit: better on the digits that it learnt from than on
    others. The gap between the two, in points of accuracy, is %s.]])
    :format(table.concat(gaps, ", ")))
  page:table { head = { "", "learnt digits", "validation", "test" }, rows = rows,
    caption = "Accuracy with shares of the activations dropped while learning, after "
      .. epochs(found.dropout) .. "." }
  verdicts(page, study, found.dropout.differences)
  local lines = { xlabel = "epoch", ylabel = "validation loss", width = 460, height = 340 }
  for i, result in ipairs(found.dropout.results) do
    lines[i] = { y = result.runs[1].history.val_loss, label = result.name }
  end
  page:figure(plot.line(lines), "Validation loss with more and less dropout.")
  page:part "Activation"
  page:text "ReLU against tanh, which used to be the standard."
  compare_table(page, study, found.activations.results,
    "Activations, after " .. epochs(found.activations) .. ".")
  verdicts(page, study, found.activations.differences)
end

local function about_labels(page, found)
  local labels = found.labels
  page:section "Doubtful labels"
  page:text(([[Nobody should hope for 100 %%: some labels are wrong, and some digits cannot be
    told. To find them, every digit was judged by networks that had not seen it (confident
    learning, Northcutt et al. 2021). By that estimate about %d of %s labels are wrong or cannot
    be told.]])
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
  page:text([[The forest: the report gave scikit-learn the labels as ten columns of zeros and
    ones. scikit-learn then answers ten separate questions, "is it a 0?" to "is it a 9?", and
    where no digit gets more than half of the votes the answer is no to all ten, which counts as
    wrong even if the right digit leads. The report's 0.88 (0.8958 where it first names the
    forest's score) shows that, not what forests can do. Here labels in ten columns are the same
    labels, and the digit with most votes is the answer.]],
    [[The network: the report calls it underfitting, and does not print its settings.]],
    [[XGBoost: the report gives no accuracy, only that it took 40 minutes longer than the others.
      Trees that look for thresholds among at most 256 bins per pixel need seconds.]],
    [[The search: the report scored its trials on the test set and took the best of those scores
      as that on unseen data, which flatters the winner a little. Here the validation set chooses
      and the test set is used once. The report's best trial also has a dropout of 0.4, which is
      not among the values that it lists.]],
    "Times are those of different machines and programs.")
end

local function about_repeating(page, found, study)
  local o, lines, rows = found.options, {}, {}
  page:section "Repeating this study"
  page:text([[The same seed gives the same figures, bit by bit, on the same kind of processor,
    whatever the number of threads; only times differ. This page was made by:]])
  page:code(study.command("report",
    { seed = o.seed, data = o.data, repeats = o.repeats, quick = o.quick }))
  page:text "Its parts can be run alone:"
  for i, step in ipairs(found.steps) do
    lines[i] = step.command
    rows[i] = { step.name, seconds(step.seconds) }
  end
  page:code(table.concat(lines, "\n"))
  rows[#rows + 1] = { "together", seconds(found.seconds) }
  page:table { head = { "part", "time" }, rows = rows, best = #rows,
    caption = "Time of each part, judging and drawing included." }
  if found.search.restored > 0 then
    page:text(([[The search went on from the journal of an earlier run, which had finished %d of its
      %d trials: its time is not all in this table.]]):format(found.search.restored,
        #found.search.trials))
  end
  local info = digits.info()
  page:table { head = { "what", "which" }, texts = 2, rows = {
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
    page.lead = page.lead .. ([[ This is the quick version, on %s digits only and with little
      training: a look at how the study goes, not at what the learners can do.]])
      :format(thousands(total))
  end
  local tiles = { { "best network, unseen digits", percent(deploy.accuracy) } }
  for i, result in ipairs(results) do
    tiles[i + 1] = { result.name .. ", test accuracy", percent(result.accuracy) }
  end
  tiles[#tiles + 1] = { "the whole study", found.seconds < 100
    and ("%.0f s"):format(found.seconds) or ("%.0f min"):format(found.seconds / 60) }
  page:tiles(tiles)
end

return function(page, found, study)
  headline(page, found, study)
  about_data(page, found)
  about_candidates(page, found)
  about_comparison(page, found, study)
  about_search(page, found)
  about_deployment(page, found, study)
  about_variations(page, found, study)
  about_labels(page, found)
  about_differences(page, found)
  about_repeating(page, found, study)
end
