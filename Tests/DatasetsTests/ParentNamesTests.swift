import Datasets
import Foundation
import Support
import TestSupport
import Testing

/// Categories below others, in a line and in a file.
@Suite struct ParentNamesTests {
  private func read(_ text: String, as file: String = "names.txt") throws -> Vocabulary {
    try withTemporaryFolder { folder in
      try Files.write(Data(text.utf8), to: "\(folder)/\(file)")
      return try Vocabulary(path: "\(folder)/\(file)")
    }
  }

  /// "cat | dog: beagle poodle": the groups in order.
  private func groups(_ vocabulary: Vocabulary) -> String {
    let parents = vocabulary.parents
    return vocabulary.names.enumerated().map { index, name in
      let parent = parents.first { $0.children.lowerBound == index }
      let isBelow = parents.contains { $0.children.contains(index) }
      let start = parent.map { "\($0.name.texts.joined(separator: "/")): " } ?? ""
      return (index == 0 || isBelow && parent == nil ? "" : "| ") + start + name
    }.joined(separator: " ")
  }

  @Test(arguments: [
    ("dog > beagle; poodle", "dog: beagle poodle"),
    ("cat; dog > beagle;poodle ; bird>owl", "cat | dog: beagle poodle | bird: owl"),
    ("dog|hound > beagle|little dog; poodle;", "dog/hound: beagle poodle"),
    ("cat;lamp", "cat | lamp"),
  ])
  func inALine(text: String, expected: String) throws {
    #expect(groups(try Vocabulary(inline: text)) == expected)
    #expect(groups(try GivenNames(text).vocabulary) == expected)
    // A line of a file means the same.
    #expect(groups(try read("\(text)\n")) == expected)
  }

  /// The end of a line ends a parent's categories; a later line may add some, which go to the others.
  @Test func inAFile() throws {
    let text = """
      # pets
      dog | hound > beagle; poodle
      cat

      bird > owl
      dog > pug; collie
      hen; bird > duck

      """
    let expected = "dog/hound: beagle poodle pug collie | cat | bird: owl duck | hen"
    let vocabulary = try read(text)
    #expect(groups(vocabulary) == expected)
    #expect(groups(try GivenNames(text).vocabulary) == expected)
    #expect(vocabulary.parentOfName["collie"] == "dog" && vocabulary.parentOfName["cat"] == nil)
    #expect(vocabulary.parentOfName.count == 6)
  }

  @Test func elsewhereTheSignIsPartOfAName() throws {
    for (text, file) in [
      (#"["a > b"]"#, "x.json"), ("names: ['a > b']\n", "x.yaml"), ("id,name\n1,a > b\n", "x.csv"),
    ] {
      let vocabulary = try read(text, as: file)
      #expect(vocabulary.names == ["a > b"] && vocabulary.parents.isEmpty)
    }
  }

  @Test(arguments: [
    ("dog >", "a category below 'dog' is empty", "line 1"),
    ("dog > beagle;;pug", "a category below 'dog' is empty", "line 1"),
    ("cat\n> beagle", "a name before '>' is empty", "line 2"),
    ("dog > beagle > small beagle", "more than two levels of categories", "line 1"),
    ("dog > beagle\nbeagle", "a category name is given twice", "line 2"),
    ("dog > beagle\ncat > Beagle", "a category name is given twice", "line 2"),
    ("dog > beagle; beagle", "a category name is given twice", "line 1"),
    ("dog\ndog > beagle", "a category name is given twice", "line 2"),
    ("dog > beagle\ndog", "a category name is given twice", "line 2"),
    ("dog > dog", "'dog' lies below another name and has names below it", "line 1"),
    ("pet > dog\ndog > pug", "'dog' lies below another name and has names below it", "line 2"),
    ("dog > pug\npet > dog", "'dog' lies below another name and has names below it", "line 2"),
    ("dog|hound > pug\ndog|wolf > beagle", "'dog' is given twice with other synonyms", "line 2"),
  ])
  func mistakes(text: String, what: String, place: String) {
    let error = #expect(throws: InputError.self) { try read(text) }
    #expect(error?.what == what && error?.kind == .badData, "\(error?.description ?? "")")
    #expect(error?.place?.hasSuffix(place) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("\n") == false)
  }

  @Test(arguments: [
    ("red;red", "an attribute is given twice"), ("red;;blue", "an attribute is empty"),
    ("", "no attributes"), ("colour > red; blue", "attributes do not lie below others"),
    ("red|", "a synonym of 'red' is empty"),
  ])
  func attributes(text: String, what: String) throws {
    let error = #expect(throws: InputError.self) { try GivenNames(text, of: .attributes) }
    #expect(error?.what == what && error?.kind == .badData)
    #expect(error?.place?.hasPrefix("the list of attributes '\(text)'") == true)
    #expect(
      try GivenNames("red|reddish; made of wood", of: .attributes).vocabulary.categories
        == [CategoryName("red", synonyms: ["reddish"]), CategoryName("made of wood")])
    let path = #expect(throws: InputError.self) { try GivenNames("x.txt", of: .attributes) }
    #expect(path?.hint == "for an attribute called so write 'x.txt;'")
  }
}
