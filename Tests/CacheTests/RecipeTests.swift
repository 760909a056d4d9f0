import Cache
import Testing

@Suite struct RecipeTests {
  @Test func recipesDifferByNamedFields() {
    let recipe = sampleRecipe()
    var other = recipe
    #expect(recipe.difference(from: other).isEmpty)
    #expect(recipe.hash == other.hash)
    other.preprocessing.cropFactors = [1]
    other.teacher.family = "align"
    #expect(recipe.hash != other.hash)
    #expect(
      recipe.difference(from: other).map(\.description) == [
        "preprocessing.cropFactors[1]: 1.5 or nothing", #"teacher.family: "clip" or "align""#,
      ])
  }

  /// A change here makes every existing cache stale: that must be on purpose.
  @Test func theHashOfARecipeIsForEver() {
    #expect(
      sampleRecipe().hash == "d4797674cae199e2c6da229320aa58a0214594a84af8e53f0fca853dd6a87f02")
  }
}
