import Datasets
import Foundation
import Support
import TestSupport
import Testing

@Suite struct PhotographCreditsTests {
  private func credits(_ text: String) throws -> PhotographCredits {
    try withTemporaryFolder { folder in
      try Files.write(Data(text.utf8), to: "\(folder)/a.json")
      return try PhotographCredits(path: "\(folder)/a.json")
    }
  }

  @Test func licencesAndAddresses() throws {
    let credits = try credits(
      #"""
      {"info": {"year": 2017}, "annotations": [{"id": 1}],
       "images": [
         {"id": 7, "license": 4, "coco_url": "http://c/7.jpg",
          "flickr_url": "http://farm6.staticflickr.com/5298/5457068434_0929d78491_z.jpg"},
         {"id": 8, "file_name": "8.jpg"}, {"id": 9, "license": 4, "coco_url": "http://c/9_1.jpg"}],
       "licenses": [{"url": "http://l/by", "id": 4, "name": "Attribution License", "more": null}]}
      """#)
    #expect(credits.licences == [4: .init(name: "Attribution License", address: "http://l/by")])
    #expect(credits.photographs.count == 3)
    #expect(credits.photographs[7]?.licence == 4)
    #expect(credits.photographs[7]?.page == "https://www.flickr.com/photo.gne?id=5457068434")
    #expect(credits.photographs[8] == .init(licence: nil, address: nil))
    #expect(credits.photographs[9]?.address == "http://c/9_1.jpg")
    #expect(credits.photographs[9]?.page == nil)
  }

  @Test(arguments: [
    (#"{"images": []}"#, "the annotations do not say under which licence the photographs are"),
    (#"{"licenses": [{"id": 4, "name": "x"}]}"#, "the key 'url' is missing"),
    (#"{"licenses": [{"id": "4"}]}"#, "licenses[0].id"),
    (#"{"licenses": [], "images": [{"license": 1}]}"#, "images[0]: the key 'id' is missing"),
  ])
  func whatIsWrongIsNamed(text: String, line: String) {
    do {
      _ = try credits(text)
      Issue.record("read: \(text)")
    } catch { #expect("\(error)".contains(line), "\(error)") }
  }
}
