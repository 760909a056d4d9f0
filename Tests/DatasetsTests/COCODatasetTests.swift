import Datasets
import Foundation
import Regions
import Support
import TestSupport
import Testing

@Suite struct COCODatasetTests {
  static let good = """
    {"info": {"year": 2017, "text": "a \\"quote\\" ]} and {"},
     "annotations": [
      {"id": 7, "image_id": 2, "category_id": 9, "iscrowd": 0, "area": 12.5,
       "segmentation": [[1, 2, 3.5], {"counts": "]}x\\\\", "size": [1, 2]}],
       "bbox": [1.5, 2, 5e0, 2.50]},
      {"id": 8, "image_id": 2, "category_id": 4, "iscrowd": 1, "area": 3, "bbox": [0, 0, 1, 3]}],
     "images": [{"id": 2, "file_name": "b.jpg", "width": 640, "height": 480},
      {"id": 1, "coco_url": "http://images/train/a.jpg", "width": 64, "height": 48}],
     "categories": [{"id": 9, "name": "caf\\u00e9 \\ud83d\\ude00"},
      {"id": 4, "name": "dog", "frequency": "r", "synonyms": ["hound", "pup"]}]}
    """

  /// Reads `text` as a data set's file.
  func read(_ text: String) throws -> COCODataset {
    try COCODataset(json: Array(text.utf8), source: "set.json")
  }

  /// The error that the good file gives after one edit.
  func error(replacing old: String, with new: String) throws -> InputError {
    #expect(Self.good.contains(old))
    return try #require(throws: InputError.self) {
      try read(Self.good.replacingOccurrences(of: old, with: new))
    }
  }

  @Test func readsWhatIsThere() throws {
    let dataset = try read(Self.good)
    #expect(dataset.images.map(\.fileName) == ["b.jpg", "a.jpg"])
    #expect(dataset.categories.map(\.id) == [4, 9])
    #expect(dataset.categories[0].frequency == .rare)
    #expect(dataset.categories[0].synonyms == ["hound", "pup"])
    #expect(dataset.categories[1].name == "café 😀")
    let objects = dataset.annotations(of: 2)
    #expect(objects.map(\.id) == [7, 8])
    #expect(objects[0].bbox == [1.5, 2, 5, 2.5])
    #expect(objects[0].box == Box(x0: 1.5, y0: 2, x1: 6.5, y1: 4.5))
    #expect(objects[0].area == 12.5)
    #expect(objects.map(\.isCrowd) == [false, true])
    #expect(dataset.annotations(of: 1).isEmpty)
    #expect(dataset.annotations(of: 5).isEmpty)
    #expect(dataset.image(1)?.width == 64)
    #expect(dataset.image(5) == nil)
  }

  @Test(arguments: [
    ("5e0, 2.50]", "5e0]", "annotations[0].bbox", "3 numbers"),
    ("[0, 0, 1, 3]", "[0, 0, -1, 3]", "annotations[1].bbox", "negative"),
    ("[0, 0, 1, 3]", "[0, NaN, 1, 3]", "annotations[1].bbox[1]", "NaN"),
    ("[0, 0, 1, 3]", "[0, 1e400, 1, 3]", "annotations[1].bbox[1]", "1e400"),
    ("[0, 0, 1, 3]", "[0, 1e300, 1, 3]", "annotations[1].bbox", "place"),
    ("[0, 0, 1, 3]", "[0, 0x5, 1, 3]", "annotations[1].bbox[1]", "0x5"),
    ("[0, 0, 1, 3]", "\"0 0 1 3\"", "annotations[1].bbox", "array"),
    ("{\"id\": 1,", "{\"id\": 2,", "images[1].id", "images[0]"),
    ("\"id\": 8", "\"id\": 7", "annotations[1].id", "annotations[0]"),
    ("\"id\": 4,", "\"id\": 9,", "categories[1].id", "9"),
    ("\"width\": 64,", "\"width\": -1,", "images[1]", "-1 x 48"),
    ("\"width\": 64,", "\"width\": 9223372036854775807,", "images[1]", "x 48"),
    ("\"width\": 64,", "\"width\": 6.4,", "images[1].width", "6.4"),
    ("\"width\": 64,", "\"width\": 99999999999999999999,", "images[1].width", "whole number"),
    ("\"area\": 3,", "", "annotations[1]", "'area'"),
    ("\"name\": \"dog\"", "\"name\": 5", "categories[1].name", "string"),
    ("\"name\": \"dog\"", "\"name\": \"\"", "categories[1].name", "empty"),
    ("\"images\":", "\"pictures\":", "set.json", "'images'"),
    ("\"iscrowd\": 1", "\"iscrowd\": 2", "annotations[1].iscrowd", "0 or 1"),
    ("[\"hound\", \"pup\"]}]}", "[\"hound\", \"pup\"]}]} x", "line 10", "malformed"),
    ("[\"hound\", \"pup\"]}]}", "[\"hound\", \"pup\"", "line 10", "the end"),
    ("\"hound\", \"pup\"", "\"hound\" \"pup\"", "line 10, column 67", "malformed"),
    ("\\ud83d\\ude00", "\\ud83d", "line 9", "surrogates"),
    ("\\u00e9", "\\x00e9", "line 9", "escaped"),
  ])
  func namesTheMistake(old: String, new: String, place: String, words: String) throws {
    let error = try error(replacing: old, with: new)
    #expect(error.kind == .badData)
    #expect(error.place?.contains("set.json") == true)
    #expect(error.description.contains(place), "\(error)")
    #expect(error.description.contains(words), "\(error)")
  }

  /// Whatever part of the text is in memory at a time, the same is read.
  @Test func everyWindowReadsTheSame() throws {
    // Longer than the part that is always looked at, so that windows end everywhere.
    let long =
      String(repeating: "x", count: 9000) + "\\u00e9\\n" + String(repeating: "y", count: 5000)
    let text = Self.good.replacingOccurrences(of: "\"dog\"", with: "\"\(long)\"")
      .replacingOccurrences(of: "{\"info\"", with: "{\"licence\": \"\(long)\", \"info\"")
    let whole = try read(text)
    #expect(whole.categories[0].name.count == 14_002)
    for window in [1, 2, 3, 7, 64, 4095, 4096, 4097, 10_000] {
      let dataset = try COCODataset(json: Array(text.utf8), source: "set.json", window: window)
      #expect(dataset.images == whole.images && dataset.annotations == whole.annotations)
      #expect(dataset.categories == whole.categories)
    }
  }

  @Test func everyWindowNamesTheMistakeInTheSameWords() throws {
    let head = "{\"info\": \"" + String(repeating: "x", count: 9000) + "\",\n \"text\": [\n"
    for mistake in ["1],", "1,, 2], ]", "\"\\q\"]", "\"\u{1}\"]", "1]} x", "{]", "[1"] {
      let bytes = Array((head + mistake).utf8)
      let whole = try #require(throws: InputError.self) {
        try COCODataset(json: bytes, source: "set.json")
      }
      for window in [1, 100, 5000] {
        let error = #expect(throws: InputError.self) {
          try COCODataset(json: bytes, source: "set.json", window: window)
        }
        #expect(error == whole)
      }
    }
  }

  @Test func categoriesAreReadAlone() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/set.json"
      // Nothing behind the categories is looked at.
      try Files.write(Data((Self.good + "x").utf8), to: path)
      #expect(try COCODataset.categories(path: path) == read(Self.good).categories)
      try Files.write(Data("{\"images\": []}".utf8), to: path)
      let error = #expect(throws: InputError.self) { try COCODataset.categories(path: path) }
      #expect(error?.description.contains("'categories'") == true)
    }
  }

  @Test func everyCutOfTheFileIsAnError() throws {
    let bytes = Array(Self.good.utf8)
    for length in 0..<bytes.count {
      #expect(throws: InputError.self) {
        try COCODataset(json: Array(bytes.prefix(length)), source: "set.json")
      }
    }
  }

  @Test func damagedBytesNeitherCrashNorHang() throws {
    let bytes = Array(Self.good.utf8)
    let marks = Array("{}[],:\"\\-.0e9 \n\u{0}\u{80}tN".utf8)
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<5000 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let position = Int.random(in: 0..<damaged.count, using: &generator)
        damaged[position] = marks[Int.random(in: 0..<marks.count, using: &generator)]
      }
      // Some damage is in a place that nobody reads.
      do { _ = try COCODataset(json: damaged, source: "set.json") } catch {
        #expect(error.description.contains("set.json"))
      }
    }
  }

  @Test func deepNestingNeitherCrashesNorHangs() throws {
    let deep = String(repeating: "[", count: 1_000_000)
    #expect(throws: InputError.self) { try read("{\"info\": \(deep)") }
    #expect(throws: InputError.self) { try read(deep) }
  }

  @Test func readsAFile() throws {
    try withTemporaryFolder { folder in
      try Files.write(Data(Self.good.utf8), to: "\(folder)/set.json")
      #expect(try COCODataset(path: "\(folder)/set.json").annotations.count == 2)
    }
  }

  @Test func missingFileAndFolder() throws {
    let error = try #require(throws: InputError.self) { try COCODataset(path: "/nowhere/x.json") }
    #expect(error.kind == .missingInput)
    #expect(throws: InputError.self) { try COCODataset(path: "/tmp") }
  }

  @Test func missingImageFilesAreCounted() throws {
    let dataset = try read(Self.good)
    try withTemporaryFolder { folder in
      try Files.write(Data(), to: "\(folder)/a.jpg")
      let error = try #require(throws: InputError.self) {
        try ImageFiles(of: dataset, in: folder)
      }
      #expect(error.kind == .missingInput)
      #expect(error.description.contains("1 of 2"))
      #expect(error.description.contains("b.jpg"))
      try Files.write(Data(), to: "\(folder)/b.jpg")
      _ = try ImageFiles(of: dataset, in: folder)
    }
  }

  @Test(arguments: [
    "0", "-0.5", "12.340", "0.1", "0.30000000000000004", "12345678.123456789", "1e-7", "-3E+2",
    "123456789012345678e-10", "99999999.99999999",
  ])
  func numbersReadAsTheStandardLibraryReadsThem(text: String) throws {
    let dataset = try read(
      Self.good.replacingOccurrences(of: "[0, 0, 1, 3]", with: "[0, \(text), 1, 3]"))
    #expect(dataset.annotations[1].bbox[1] == Double(text))
  }

  @Test(.enabled(if: Shared.has("real/coco-mini/instances_val.json")))
  func readsCOCO() throws {
    let dataset = try COCODataset(path: Shared.path("real/coco-mini/instances_val.json"))
    #expect(dataset.images.count == 66)
    #expect(dataset.categories.count == 80)
    _ = try ImageFiles(of: dataset, in: Shared.path("real/coco-mini/images/val"))
    let split = try CategorySplit(
      path: Shared.path("real/coco-mini/split_48_17.json"), of: dataset.categories.map(\.name))
    #expect(split.base.count == 48)
    #expect(split.novel.count == 17)
  }

  @Test(.enabled(if: Shared.has("eval/lvis_100/lvis_val_100.json")))
  func readsLVIS() throws {
    let path = Shared.path("eval/lvis_100/lvis_val_100.json")
    let dataset = try COCODataset(path: path)
    #expect(dataset.categories.count == 1230)
    let split = try dataset.splitByFrequency(source: path)
    #expect(split.base.count == 776)
    #expect(split.novel.count == 454)
  }
}
