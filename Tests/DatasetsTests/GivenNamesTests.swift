import Datasets
import Foundation
import Support
import TestSupport
import Testing

/// What is taken for category names, in all the forms that people have them.
@Suite struct NameFormsTests {
  private func read(_ text: String, as file: String) throws -> [CategoryName] {
    try withTemporaryFolder { folder in
      try Files.write(Data(text.utf8), to: "\(folder)/\(file)")
      return try Vocabulary(path: "\(folder)/\(file)").categories
    }
  }

  @Test(arguments: [
    // In order of the ids, as numbers.
    (#"{"10": "lamp", "0": "cat", "2": "dog"}"#, ["cat", "dog", "lamp"]),
    (#"{"dog": 1, "cat": 0}"#, ["cat", "dog"]),
    (#"{"1": {"name": "dog", "x": []}, "0": {"name": "cat"}}"#, ["cat", "dog"]),
    (
      #"{"model_type": "detr", "num_queries": 100, "label2id": {"b": 1, "a": 0}, "dropout": 0.1, "#
        + #""id2label": {"1": "b", "0": "a"}}"#, ["a", "b"]
    ),
    (#"{"label2id": {"b": 1, "a": 0}, "x": null}"#, ["a", "b"]),
    (#"{"names": ["cat", "dog"], "nc": 2}"#, ["cat", "dog"]),
    (
      #"{"images": [{"id": 1}], "categories": [{"id": 7, "name": "x"}, {"id": 3, "name": "y"}]}"#,
      ["x", "y"]
    ),
  ])
  func objects(text: String, names: [String]) throws {
    #expect(try read(text, as: "names.json").map(\.name) == names)
    #expect(try Vocabulary(inline: text).names == names)
  }

  @Test(arguments: [
    (#"{"0": "cat", "00": "dog"}"#, "two categories have the id 0"),
    (#"{"cat": 1, "dog": 1}"#, "two categories have the id 1"),
    (#"{"title": "cats", "0": "cat"}"#, "no names in the object"),
    (#"{"names": {"names": ["cat"]}}"#, "no names in the object"),
    ("{}", "no category names"),
  ])
  func objectsWithoutNames(text: String, what: String) {
    let error = #expect(throws: InputError.self) { try read(text, as: "names.json") }
    #expect(error?.what == what && error?.kind == .badData, "\(error?.description ?? "")")
  }

  @Test(arguments: [
    ("id,name\n3,cat\n1,\"a, \"\"b\"\"\"\n", "x.csv", ["cat", "a, \"b\""]),
    ("id,name\r\n3,cat\r\n1,dog\r\n", "x.txt", ["cat", "dog"]),
    ("\u{FEFF}Class ID;Class Name\n1;cat\n", "x.csv", ["cat"]),
    ("supercategory\tname\nanimal\tcat\n", "x.tsv", ["cat"]),
    ("LabelName,DisplayName\n/m/01,Tortoise\n", "x.csv", ["Tortoise"]),
    ("cat\n5\" pipe\n", "x.csv", ["cat", "5\" pipe"]),
    // No table: a comma is part of a name.
    ("light, red\nname, of a thing\n", "x.txt", ["light, red", "name, of a thing"]),
    ("cat;dog\n# more\nlamp;\n", "x.txt", ["cat", "dog", "lamp"]),
  ])
  func tables(text: String, file: String, names: [String]) throws {
    #expect(try read(text, as: file).map(\.name) == names)
  }

  @Test func aTableMayHaveSynonyms() throws {
    let sofa = CategoryName("sofa", synonyms: ["couch", "settee"])
    #expect(
      try read("name,synonyms\nsofa,couch|settee\ncat,\n", as: "x.csv")
        == [sofa, CategoryName("cat")])
  }

  @Test(arguments: [
    ("/m/01,Tortoise\n/m/02,Cat\n", "no column of names", "line 1"),
    ("id,name\n1\n", "not a row of the table", "line 2"),
    ("id,name\n1,\"cat\n", "not a row of the table", "line 2"),
    ("id,name\n1,\n", "a category name is empty", "line 2"),
  ])
  func wrongTables(text: String, what: String, place: String) {
    let error = #expect(throws: InputError.self) { try read(text, as: "x.csv") }
    #expect(error?.what == what && error?.place?.hasSuffix(place) == true)
  }

  @Test(arguments: [
    ("path: ../x\nnc: 2\nnames: ['cat', no]\ndownload: |\n  a *b &c\n", ["cat", "no"]),
    ("names:\n- cat\n- salt & pepper\nnc: 2\n", ["cat", "salt & pepper"]),
    ("# mine\nnames:\n  1: dog\n  0: cat  # first\n\ntrain: &x images\n", ["cat", "dog"]),
    ("names: {0: cat, 1: dog}\n", ["cat", "dog"]),
    ("names: ['cat',\n'dog']\n", ["cat", "dog"]),
    ("- cat\n- 7\n", ["cat", "7"]),
  ])
  func yolo(text: String, names: [String]) throws {
    #expect(try read(text, as: "data.yaml").map(\.name) == names)
  }

  @Test(arguments: [
    ("nc: 2\n", "no names"), ("names:\nnc: 2\n", "no names"), ("names: [[cat]]", "not a name"),
    ("names: {cat: 0}", "no names"), ("names: [cat", "not valid YAML"),
    ("names: [&a cat, *a]", "anchors (&) are not understood"),
    ("names: {0: cat, 0x0: dog, 00: lamp}", "no names"),
    ("names: {0: cat, 00: lamp}", "two categories have the id 0"),
  ])
  func wrongYAML(text: String, what: String) {
    let error = #expect(throws: InputError.self) { try read(text, as: "data.yml") }
    #expect(error?.what == what && error?.kind == .badData, "\(error?.description ?? "")")
  }
}

@Suite struct GivenNamesTests {
  @Test func wordsAndLines() throws {
    #expect(try GivenNames("traffic light").vocabulary.names == ["traffic light"])
    #expect(try GivenNames("names.txt;").vocabulary.names == ["names.txt"])
    #expect(try GivenNames("TV/monitor").vocabulary.names == ["TV/monitor"])
    let lines = try GivenNames("cat\n# a comment\n\nsofa|couch\r\n")
    #expect(lines.vocabulary.names == ["cat", "sofa"] && lines.file == nil && lines.note == nil)
    let error = #expect(throws: InputError.self) { try GivenNames("cat\ndog\ncat") }
    #expect(error?.place?.hasSuffix("line 3") == true)
  }

  @Test func aFileIsRead() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/names"
      try Files.write(Data("cat\ndog\n".utf8), to: path)
      let given = try GivenNames(path)
      #expect(given.vocabulary.names == ["cat", "dog"] && given.file == path && given.note == nil)
    }
  }

  /// A path of no file is not the name of a category.
  @Test(arguments: [
    "names.txt", "lists/coco.JSON", "./names", "../nowhere/x", "~/names", "/nowhere", "FOLDER/x",
  ])
  func aPathOfNothing(text: String) throws {
    try withTemporaryFolder { folder in
      let path = text.replacing("FOLDER", with: folder)
      let error = #expect(throws: InputError.self) { try GivenNames(path) }
      #expect(error?.what == "no such file of names" && error?.kind == .missingInput)
      #expect(error?.place == path && error?.hint?.contains("'\(path);'") == true)
      let other = #expect(throws: InputError.self) { try GivenNames(folder) }
      #expect(other?.what == "a folder, not a file of names")
    }
  }

  /// Tests run in the package's folder.
  @Test(.enabled(if: Files.isFolder("Sources"))) func aFolderMayBeCalledLikeACategory() throws {
    let given = try GivenNames("Sources")
    #expect(given.vocabulary.names == ["Sources"] && given.file == nil)
    #expect(given.note?.contains("not for the folder") == true)
  }

  @Test func whatWasUnderstood() throws {
    #expect(GivenNames.summary(of: Vocabulary([CategoryName("cat")]), from: nil) == "1 name: cat")
    let many = Vocabulary((1...1203).map { CategoryName("n\($0)") })
    #expect(
      GivenNames.summary(of: many, from: "x.json")
        == "1203 names from x.json: n1, n2, n3, n4, n5, n6, ...")
    #expect(
      try GivenNames.summary(of: Vocabulary(inline: "cat; dog|hound > beagle; poodle"), from: nil)
        == "3 names: cat, beagle, poodle; dog > beagle, poodle")
    #expect(
      try GivenNames.summary(of: Vocabulary(inline: "a > b; c > d; e > f; g > h"), from: nil)
        == "4 names: b, d, f, h; a > b; c > d; e > f; ...")
  }
}
