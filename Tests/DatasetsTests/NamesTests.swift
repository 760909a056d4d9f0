import Datasets
import Foundation
import Support
import TestSupport
import Testing

@Suite struct CategorySplitTests {
  let names = ["dog", "cat", "traffic light", "tie"]

  func read(_ text: String) throws -> CategorySplit {
    try withTemporaryFolder { folder in
      try Files.write(Data(text.utf8), to: "\(folder)/split.json")
      return try CategorySplit(path: "\(folder)/split.json", of: names)
    }
  }

  @Test func readsBothLists() throws {
    let split = try read(#"{"base": ["dog", "tie"], "novel": ["traffic light"]}"#)
    #expect(split.base == ["dog", "tie"])
    #expect(split.novel == ["traffic light"])
  }

  @Test(arguments: [
    (#"{"base": ["dog"], "novel": ["trafic light"]}"#, ["novel[0]", "is it 'traffic light'?"]),
    (#"{"base": ["dog", "cat"], "novel": ["cat"]}"#, ["novel[0]", "base[1]", "'cat'"]),
    (#"{"base": ["dog", "dog"], "novel": []}"#, ["base[1]", "base[0]"]),
    (#"{"base": [], "novel": ["dog"]}"#, ["no base category"]),
    (#"{"base": ["dog"]}"#, ["'novel' is missing"]),
    (#"{"base": ["dog"], "novel": [], "rest": []}"#, ["unknown key", "'rest'"]),
    (#"{"base": ["dog"], "novel": "cat"}"#, ["novel", "an array"]),
  ])
  func namesTheMistake(text: String, words: [String]) throws {
    let error = try #require(throws: InputError.self) { try read(text) }
    for word in words { #expect(error.description.contains(word), "\(error)") }
  }
}

@Suite struct VocabularyTests {
  func read(_ text: String) throws -> Vocabulary {
    try withTemporaryFolder { folder in
      try Files.write(Data(text.utf8), to: "\(folder)/names.txt")
      return try Vocabulary(path: "\(folder)/names.txt")
    }
  }

  @Test func semicolonsSplitAndCommasDoNot() throws {
    #expect(
      try Vocabulary(inline: " cat ; traffic light, red;bat (animal)").names
        == ["cat", "traffic light, red", "bat (animal)"])
  }

  @Test func linesWithCommentsAndWindowsEnds() throws {
    #expect(
      try read("\u{FEFF}# my names\r\ncat\r\n\r\n  c# sharp, note \r\n#dog\r\nzebra").names
        == ["cat", "c# sharp, note", "zebra"])
  }

  @Test func arrayOfNames() throws {
    #expect(try read(" [\"cat\", \" hot dog \"]\n").names == ["cat", "hot dog"])
  }

  @Test func synonymsFollowBars() throws {
    let expected = [CategoryName("sofa", synonyms: ["couch", "settee, old"]), CategoryName("cat")]
    #expect(try Vocabulary(inline: "sofa|couch | settee, old;cat").categories == expected)
    #expect(try read("# mine\nsofa | couch|settee, old\n cat\n").categories == expected)
    let json = #"["cat", {"id": 3, "name": "sofa", "synonyms": ["sofa", "a|b"], "def": "soft"}]"#
    let categories = try read(json).categories
    #expect(categories.map(\.texts) == [["cat"], ["sofa", "a|b"]])
  }

  /// Words stand for the name and its synonyms; without them a category is written as before.
  @Test func wordsReplaceTheName() throws {
    let category = CategoryName("tvmonitor", synonyms: ["screen"], words: ["tv", "telly", "tv"])
    #expect(category.texts == ["tv", "telly"])
    #expect(category.withoutSynonyms.texts == ["tv"])
    #expect(category.withoutSynonyms.name == "tvmonitor")
    #expect(CategoryName("sofa", synonyms: ["couch"]).withoutSynonyms == CategoryName("sofa"))
    let json = JSONEncoder()
    json.outputFormatting = .sortedKeys
    #expect(
      String(decoding: try json.encode(CategoryName("cat")), as: UTF8.self)
        == #"{"name":"cat","synonyms":[]}"#)
    #expect(try JSONDecoder().decode(CategoryName.self, from: json.encode(category)) == category)
  }

  @Test(.enabled(if: Shared.has("vocabularies/lvis_v1_train_cat_info.json")))
  func readsLVIS() throws {
    let path = Shared.path("vocabularies/lvis_v1_train_cat_info.json")
    let categories = try Vocabulary(path: path).categories
    #expect(categories.count == 1203)
    #expect(categories[0].texts == ["aerosol_can", "spray_can"])
    // The only name that LVIS leaves out of its synonyms.
    #expect(categories.filter { !$0.synonyms.contains($0.name) }.map(\.name) == ["bull"])
  }

  @Test(arguments: [
    "", " ", ";", "cat;;dog", "cat;;", "cat;CAT ", "cat|", "cat||puss",
    String(repeating: "x", count: 201),
  ])
  func inlineMistakes(text: String) throws {
    #expect(throws: InputError.self) { try Vocabulary(inline: text) }
  }

  @Test(arguments: [
    ("\n# nothing\n", ["no category names"]), ("cat\ndog\n Cat\n", ["line 3", "'Cat'", "line 1"]),
    ("[\"cat\", 5]", ["[1]", "a string"]), ("[\"cat\", \" \"]", ["[1]", "empty"]),
    ("cat | puss\ndog |", ["line 2", "a synonym of 'dog' is empty"]),
    (#"[{"synonyms": ["x"]}]"#, ["[0]", "'name' is missing"]),
    (#"[{"name": "x", "synonyms": "y"}]"#, ["synonyms", "an array"]),
    ("[\"cat\"", ["malformed"]), ("[]", ["no category names"]),
  ])
  func fileMistakes(text: String, words: [String]) throws {
    let error = try #require(throws: InputError.self) { try read(text) }
    for word in words { #expect(error.description.contains(word), "\(error)") }
  }

  @Test func aFileThatIsNotText() throws {
    try withTemporaryFolder { folder in
      try Files.write(Data([0x63, 0xFF, 0xFE]), to: "\(folder)/names.txt")
      let error = try #require(throws: InputError.self) {
        try Vocabulary(path: "\(folder)/names.txt")
      }
      #expect(error.description.contains("UTF-8"))
    }
  }
}

@Suite struct CorpusTests {
  @Test func listsImagesOnlyInAStableOrder() throws {
    try withTemporaryFolder { folder in
      for folderName in ["b/deep", ".hidden", "a"] {
        try Files.createFolder("\(folder)/\(folderName)")
      }
      for name in [
        "b/2.JPG", "b/deep/x.png", "a.jpeg", "a/1.jpg", "notes.txt", ".hidden/z.jpg", ".y.jpg",
        "b.gif", "Z.png",
      ] { try Files.write(Data(), to: "\(folder)/\(name)") }
      let corpus = try Corpus(folder: folder)
      #expect(corpus.files == ["Z.png", "a.jpeg", "a/1.jpg", "b.gif", "b/2.JPG", "b/deep/x.png"])
      #expect(corpus.path(0) == "\(folder)/Z.png")
    }
  }

  @Test func linksAreFollowedAndLoopsEnd() throws {
    try withTemporaryFolder { folder in
      try Files.createFolder("\(folder)/real/inner")
      try Files.write(Data(), to: "\(folder)/real/inner/1.jpg")
      let manager = FileManager.default
      try manager.createSymbolicLink(
        atPath: "\(folder)/real/inner/loop", withDestinationPath: folder)
      try manager.createSymbolicLink(
        atPath: "\(folder)/zz", withDestinationPath: "\(folder)/real")
      try manager.createSymbolicLink(
        atPath: "\(folder)/gone.jpg", withDestinationPath: "\(folder)/nowhere.jpg")
      try manager.createSymbolicLink(
        atPath: "\(folder)/one.jpg", withDestinationPath: "real/inner/1.jpg")
      #expect(mkfifo("\(folder)/pipe.jpg", 0o600) == 0)
      #expect(try Corpus(folder: folder).files == ["gone.jpg", "one.jpg", "real/inner/1.jpg"])
    }
  }

  @Test func notAFolderEmptyAndMissing() throws {
    try withTemporaryFolder { folder in
      #expect(throws: InputError.self) { try Corpus(folder: folder) }
      try Files.write(Data(), to: "\(folder)/x.jpg")
      #expect(throws: InputError.self) { try Corpus(folder: "\(folder)/x.jpg") }
      #expect(throws: InputError.self) { try Corpus(folder: "\(folder)/none") }
    }
  }
}
