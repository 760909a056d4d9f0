import Datasets
import Foundation
import Support
import TestSupport
import Testing

@Suite struct CorpusNamesTests {
  private let jpeg = Data([0xFF, 0xD8, 0xFF, 0xE0, 0, 16, 0x4A, 0x46])
  private let png = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0])

  @Test func otherEndingsAreReadByContentOrCounted() throws {
    try withTemporaryFolder { folder in
      for name in ["a.jfif", "b.JPE", "notes.txt"] {
        try Files.write(Data(), to: "\(folder)/\(name)")
      }
      for name in ["c.mpo", "d"] { try Files.write(jpeg, to: "\(folder)/\(name)") }
      try Files.write(png, to: "\(folder)/e.PSD")
      for name in ["f.svg", "g.svg", "h.ico", "i.NEF", "README"] {
        try Files.write(Data("....ftypheic....".utf8), to: "\(folder)/\(name)")
      }
      // A photograph of a form that is not read is to be a row that says so.
      try Files.write(Data("....ftypheic....".utf8), to: "\(folder)/j.HEIC")
      let corpus = try Corpus(folder: folder)
      #expect(corpus.files == ["a.jfif", "b.JPE", "c.mpo", "d", "e.PSD", "j.HEIC"])
      #expect(corpus.leftOut == ["svg": 2, "ico": 1, "nef": 1])
      #expect(corpus.leftOutWords == "2 .svg, 1 .ico, 1 .nef")
    }
  }

  @Test func nothingButOthersIsSaid() throws {
    try withTemporaryFolder { folder in
      try Files.write(Data("....ftypheic....".utf8), to: "\(folder)/f.svg")
      let error = try #require(throws: InputError.self) { try Corpus(folder: folder) }
      #expect(error.got == "1 .svg")
    }
  }

  @Test func namesKeepTheirBytes() throws {
    let names: [[UInt8]] = [
      Array("\u{301}accent.jpg".utf8), Array("\u{1F3FD}.jpg".utf8), Array("\u{200D}x.jpg".utf8),
      Array("caf\u{E9}.jpg".utf8), Array("cafe\u{301}.jpg".utf8),
      [0x63, 0xE9] + Array(".jpg".utf8), [0x63, 0xE8] + Array(".jpg".utf8),
    ]
    try withTemporaryFolder { folder in
      for below in ["", "\u{FE0F}in/"] {
        for name in names {
          let path = "\(folder)/\(below)\(PathText.text(of: name))"
          try Files.createFolder(PathText.folder(of: path))
          try Files.write(Data(name), to: path)
        }
      }
      let corpus = try Corpus(folder: folder)
      #expect(corpus.files.count == 2 * names.count)
      for index in corpus.files.indices {
        let name = PathText.name(of: corpus.files[index])
        #expect(try Files.read(corpus.path(index)) == Data(PathText.bytes(of: name)))
      }
    }
  }

  @Test(.enabled(if: geteuid() != 0, "root may list every folder"))
  func aFolderThatCannotBeListedIsAnImageThatFails() throws {
    try withTemporaryFolder { folder in
      try Files.createFolder("\(folder)/closed")
      try Files.write(jpeg, to: "\(folder)/a.jpg")
      #expect(chmod("\(folder)/closed", 0) == 0)
      defer { chmod("\(folder)/closed", 0o700) }
      #expect(try Corpus(folder: folder).files == ["a.jpg", "closed"])
      #expect(throws: InputError.self) { try Files.read("\(folder)/closed") }
    }
  }
}

@Suite struct AnnotatedFileNamesTests {
  private func dataset(_ names: [String]) throws -> COCODataset {
    try COCODataset(
      images: names.enumerated().map {
        COCODataset.Image(id: $0.offset + 1, fileName: $0.element, width: 1, height: 1)
      }, annotations: [], categories: [], source: "names.json")
  }

  /// The annotated name, the one on disk, and what is said.
  @Test(arguments: [
    ("caf\u{E9}.jpg", "cafe\u{301}.jpg", "1 with accents in another form of Unicode"),
    ("cafe\u{301}.jpg", "caf\u{E9}.jpg", "1 with accents in another form of Unicode"),
    ("in\\a.jpg", "in/a.jpg", "1 with slashes for backslashes"),
    ("a%20b.jpg", "a b.jpg", "1 with characters for %XX"),
    ("in\\caf%C3%A9.jpg", "in/cafe\u{301}.jpg", "1 with characters for %XX"),
  ])
  func otherSpellingsAreFound(annotated: String, onDisk: String, note: String) throws {
    try withTemporaryFolder { folder in
      let dataset = try dataset([annotated])
      let error = try #require(throws: InputError.self) {
        try ImageFiles(of: dataset, in: folder)
      }
      #expect(error.hint?.contains("which was tried as well") == true)
      try Files.createFolder(PathText.folder(of: "\(folder)/\(onDisk)"))
      try Files.write(Data(), to: "\(folder)/\(onDisk)")
      let files = try ImageFiles(of: dataset, in: folder)
      #expect(files.note == "file names that are spelled otherwise on disk: \(note)")
      let path = files.path(of: dataset.images[0])
      #expect(Array(path.utf8) == Array("\(folder)/\(onDisk)".utf8))
    }
  }

  @Test func theNameAsAnnotatedGoesFirst() throws {
    try withTemporaryFolder { folder in
      for name in ["a%20b.jpg", "a b.jpg", "in\\a.jpg"] {
        try Files.write(Data(), to: "\(folder)/\(name)")
      }
      let dataset = try dataset(["a%20b.jpg", "in\\a.jpg"])
      let files = try ImageFiles(of: dataset, in: folder)
      #expect(files.note == nil)
      for image in dataset.images {
        #expect(files.path(of: image) == "\(folder)/\(image.fileName)")
      }
    }
  }

  @Test func fullPathsAreFound() throws {
    try withTemporaryFolder { folder in
      try Files.write(Data(), to: "\(folder)/a.jpg")
      let dataset = try dataset(["\(folder)/a.jpg"])
      let files = try ImageFiles(of: dataset, in: "/nowhere")
      #expect(files.note == "file names that are spelled otherwise on disk: 1 are full paths")
      #expect(files.path(of: dataset.images[0]) == "\(folder)/a.jpg")
    }
  }
}
