-- k nearest neighbours on MNIST's own split.
local digits = require "digits"

describe("three nearest neighbours", function()
  it("tell 0.9705 of the 10 000 test images right, as scikit-learn's do", function()
    local model = digits.neighbors.KNeighbors { n_neighbors = 3 }
    model:fit(digits.data.mnist { part = "train" }, { verbose = 0 })
    assert.equal(0.9705, model:evaluate(digits.data.mnist { part = "test" }).accuracy)
  end)
end)
