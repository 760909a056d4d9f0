import Datasets
import Foundation
import Support
import TestSupport
import Testing

/// Objects are kept by columns and come out as they went in.
@Suite struct AnnotationsTests {
  private let images = [3, 1, 2].map {
    COCODataset.Image(id: $0, fileName: "\($0).jpg", width: 100, height: 100)
  }

  private func dataset(_ annotations: [COCODataset.Annotation]) throws -> COCODataset {
    try COCODataset(
      images: images, annotations: annotations,
      categories: [.init(id: 1, name: "cat"), .init(id: Int(Int32.max) + 7, name: "dog")],
      source: "test")
  }

  /// Two decimals, which are short, and numbers that are not, each from the first object on or later.
  @Test(
    arguments: [
      [0, 434.39, 0.01, 21_474_836.47], [0.1 + 0.2, 1, 2, 3], [1, 2, 1.0 / 3, 1e-7],
      [-0.0, -12.34, 5, 21_474_836.48], [-999_999_999, 0.005, 1e8, 2],
    ] as [[Double]])
  func numbersAreExact(bbox: [Double]) throws {
    let short = [12.5, 0.29, 1.15, 4.35]
    for boxes in [[bbox, short], [short, bbox], [short, short, bbox, short]] {
      let annotations = boxes.enumerated().map {
        COCODataset.Annotation(
          id: $0.offset, imageID: 1, categoryID: 1, bbox: $0.element, area: $0.element[3])
      }
      let found = try dataset(annotations).annotations
      #expect(Array(found) == annotations)
      for (box, object) in zip(boxes, found) {
        #expect(object.bbox.map(\.bitPattern) == box.map(\.bitPattern))
      }
    }
  }

  @Test func everythingElseAsWell() throws {
    let ids = [7, Int.max, -3, 0, Int(Int32.min)]
    var annotations = ids.enumerated().map { place, id in
      COCODataset.Annotation(
        id: id, imageID: [2, 3, 2, 3, 2][place],
        categoryID: place % 2 == 0 ? 1 : Int(Int32.max) + 7, bbox: [1, 2, 3, 4],
        area: Double(place), isCrowd: place == 1)
    }
    annotations[3].isIgnored = true
    let dataset = try dataset(annotations)
    #expect(Array(dataset.annotations) == annotations)
    #expect(dataset.annotations.count == 5 && dataset.annotations[1].isCrowd)
    #expect(dataset.annotations(of: 2).map(\.id) == [7, -3, Int(Int32.min)])
    #expect(dataset.annotations(of: 3).map(\.id) == [Int.max, 0])
    #expect(dataset.annotations(of: 1) == [] && dataset.annotations(of: 9) == [])
  }

  /// Some of a file's objects say how much of them is visible, and have outlines.
  @Test func whatOnlySomeSay() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/a.json"
      let objects = [
        #"{"id":1,"image_id":1,"category_id":1,"bbox":[0,0,4,4],"area":16}"#,
        #"{"id":2,"image_id":9,"category_id":1,"bbox":[0,0,4,4],"area":16}"#,
        #"{"id":3,"image_id":1,"category_id":1,"bbox":[0,0,4,4],"area":16,"visible":0.123,"#
          + #""segmentation":[[0,0,4,0,4,4]]}"#,
        #"{"id":4,"image_id":1,"category_id":1,"bbox":[0,0,4,4],"area":16}"#,
        #"{"id":5,"image_id":1,"category_id":1,"bbox":[0,0,4,4],"area":16,"visible":0}"#,
      ]
      try Files.write(
        Data(
          (#"{"images":[{"id":1,"file_name":"1.jpg","width":8,"height":8}],"#
            + #""categories":[{"id":1,"name":"cat"}],"annotations":["#
            + "\(objects.joined(separator: ","))]}").utf8), to: path)
      let dataset = try COCODataset(path: path)
      let found = Array(dataset.annotations)
      #expect(found.map(\.id) == [1, 3, 4, 5])
      #expect(found.map(\.visible) == [nil, 0.123, nil, 0])
      #expect(found.map { $0.segmentation == nil } == [true, false, true, true])
      #expect(try dataset.mask(of: found[1]) != nil)
      #expect(try dataset.mask(of: found[0]) == nil)
    }
  }

  @Test(arguments: [[1, 2, 2], [5, 4, 5]])
  func anIDGivenTwice(ids: [Int]) throws {
    let annotations = ids.map {
      COCODataset.Annotation(id: $0, imageID: 1, categoryID: 1, bbox: [0, 0, 1, 1], area: 1)
    }
    let error = try #require(throws: InputError.self) { try dataset(annotations) }
    #expect(error.place == "test: annotations[2].id", "\(error)")
  }

  @Test(arguments: [[1, 2, 3], [], [1, 2, 3, 4, 5]] as [[Double]])
  func aBoxOfOtherThanFourNumbers(bbox: [Double]) throws {
    let annotations = [[0, 0, 1, 1], bbox].enumerated().map {
      COCODataset.Annotation(
        id: $0.offset, imageID: 1, categoryID: 1, bbox: $0.element, area: 1)
    }
    let error = try #require(throws: InputError.self) { try dataset(annotations) }
    #expect(error.place == "test: annotations[1].bbox" && error.got == "\(bbox)", "\(error)")
  }
}
