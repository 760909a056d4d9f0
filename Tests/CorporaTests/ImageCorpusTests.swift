import Corpora
import Foundation
import Support
import TestSupport
import Testing

/// Corpora in every form that people have them in.
@Suite struct ImageCorpusTests {
  private func write(_ text: String, to path: String) throws {
    try Files.createFolder(PathText.folder(of: path))
    try Files.write(Data(text.utf8), to: path)
  }

  private func refusal(_ path: String, images: String? = nil) throws -> InputError {
    try #require(throws: InputError.self) { try ImageCorpus(path, images: images) }
  }

  @Test func aFolder() throws {
    try withTemporaryFolder { folder in
      for name in ["b.jpg", "a/1.PNG", "a/notes.txt", "c.webp", "x.svg"] {
        try write(name, to: "\(folder)/\(name)")
      }
      let corpus = try ImageCorpus(folder)
      // Photographs that are not read here are there as well, to be rows that name their form.
      #expect(corpus.names == ["a/1.PNG", "b.jpg", "c.webp"])
      #expect(corpus.ids == nil && corpus.files == corpus.names && corpus.folder == folder)
      #expect(corpus.notes == ["left out, not read here: 1 .svg"])
      #expect(try corpus.source.read("b.jpg") == Data("b.jpg".utf8))
      #expect(corpus.source.place(of: "b.jpg") == "\(folder)/b.jpg")
      #expect(corpus.source.stamp(of: "b.jpg")?.size == 5)
      #expect(corpus.source.stamp(of: "none") == nil)
      #expect(
        ImageCorpus.place(folder + "/a/..") == URL(filePath: folder).standardizedFileURL.path)
    }
  }

  /// From the list's own folder; in full, or with "..".
  @Test func aList() throws {
    try withTemporaryFolder { folder in
      try write("1", to: "\(folder)/lists/in/1.jpg")
      try write("22", to: "\(folder)/elsewhere/2.jpg")
      let list = "\(folder)/lists/all.txt"
      try write(
        "# mine\r\n./in/1.jpg\r\n\r\n\(folder)/elsewhere/2.jpg\nin/1.jpg\n../elsewhere/2.jpg\n"
          + "gone.heic", to: list)
      let corpus = try ImageCorpus(list)
      #expect(corpus.names == ["\(folder)/elsewhere/2.jpg", "gone.heic", "in/1.jpg"])
      #expect(corpus.notes == ["2 paths are given again, and passed over"])
      #expect(try corpus.source.read("in/1.jpg") == Data("1".utf8))
      #expect(try corpus.source.read("\(folder)/elsewhere/2.jpg") == Data("22".utf8))
      #expect(
        corpus.files.last == URL(filePath: list).standardizedFileURL.path,
        "the list's own looks count")
      let error = try #require(throws: InputError.self) { try corpus.source.read("gone.heic") }
      #expect(error.place == "\(folder)/lists/gone.heic")
    }
  }

  /// Names that are not UTF-8 or have line ends, as `find -print0` writes them.
  @Test func aListOfAnyBytes() throws {
    try withTemporaryFolder { folder in
      let list = "\(folder)/all"
      try Files.write(
        Data(Array("./caf".utf8) + [0xE9, 0] + Array("#a\nb.jpg".utf8) + [0]), to: list)
      let names = try ImageCorpus(list).names
      #expect(names.map(PathText.bytes) == [Array("#a\nb.jpg".utf8), Array("caf".utf8) + [0xE9]])
    }
  }

  @Test func listsThatNameNothing() throws {
    try withTemporaryFolder { folder in
      try write("# nothing\n\n", to: "\(folder)/empty.txt")
      #expect(
        "\(try refusal("\(folder)/empty.txt"))"
          == "\(folder)/empty.txt: the list names no image (expected a path a line)")
      try write("a.jpg\nb\u{0}.jpg\n", to: "\(folder)/zero.txt")
      #expect("\(try refusal("\(folder)/zero.txt"))".contains("line 2: a path with a zero"))
      try write(String(repeating: "x", count: 100_000), to: "\(folder)/picture.bmp")
      #expect("\(try refusal("\(folder)/picture.bmp"))".contains("line 1"))
      #expect(try refusal("\(folder)/none").kind == .missingInput)
    }
  }

  @Test func annotations() throws {
    try withTemporaryFolder { folder in
      try write("1", to: "\(folder)/images/b.jpg")
      try write("2", to: "\(folder)/images/val2017/9.jpg")
      let file = "\(folder)/a.json"
      try write(
        #"""
        {"annotations": [{"nothing": "of it is read"}], "images": [
        {"id": 70, "file_name": "b.jpg", "width": 4, "height": 4},
        {"id": 9, "coco_url": "http://images.cocodataset.org/val2017/9.jpg", "width": 4, "height": 4},
        {"id": 3, "file_name": "a.jpg"}]}
        """#, to: file)
      let corpus = try ImageCorpus(file, images: "\(folder)/images")
      #expect(corpus.names == ["a.jpg", "b.jpg", "val2017/9.jpg"] && corpus.ids == [3, 70, 9])
      #expect(try corpus.source.read("val2017/9.jpg") == Data("2".utf8))
      #expect("\(try refusal(file))".hasSuffix("; give the folder with --images"))
      #expect(try refusal("\(folder)/images", images: "x").kind == .usage)
      #expect(try refusal(file, images: "\(folder)/none").kind == .missingInput)
      try write(
        #"{"images": [{"id": 1, "file_name": "a"}, {"id": 1, "file_name": "b"}]}"#, to: file)
      #expect("\(try refusal(file, images: folder))".contains("an image id is given twice"))
      try write(
        #"{"images": [{"id": 1, "file_name": "a"}, {"id": 2, "file_name": "a"}]}"#, to: file)
      #expect("\(try refusal(file, images: folder))".contains("two images have one file"))
      try write(#"{"images": []}"#, to: file)
      #expect("\(try refusal(file, images: folder))".contains("no images"))
    }
  }

  /// Images whose names are known are read without a look at the others, or at the list.
  @Test func whereImagesAre() throws {
    try withTemporaryFolder { folder in
      try write("1", to: "\(folder)/in/1.jpg")
      try write("in/2.jpg", to: "\(folder)/list.txt")
      try write("nothing of annotations", to: "\(folder)/a.json")
      for source in [
        try ImageSource(ofCorpus: folder), try ImageSource(ofCorpus: "\(folder)/list.txt"),
        try ImageSource(ofCorpus: "\(folder)/a.json", images: folder),
      ] {
        #expect(try source.read("in/1.jpg") == Data("1".utf8))
      }
      #expect(try ImageSource(ofCorpus: "-").place(of: "in/1.jpg") == "./in/1.jpg")
      for (path, images) in [("\(folder)/none", nil), ("\(folder)/a.json", "\(folder)/none")] {
        let error = try #require(throws: InputError.self) {
          try ImageSource(ofCorpus: path, images: images)
        }
        #expect(error.kind == .missingInput && error.place == "\(folder)/none")
      }
      let error = try #require(throws: InputError.self) { try ImageSource(ofCorpus: "a.json") }
      #expect(error.kind == .usage)
    }
  }
}
