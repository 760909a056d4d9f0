import Detection
import Exporting
import Foundation
import Regions
import Support
import Testing

/// What each format of one file is, byte by byte, worked out by hand.
@Suite struct FileFormatTests {
  @Test func coco() throws {
    try Samples.withDetections { folder, detections in
      let path = "\(folder)/new/coco.json"
      let summary = try Samples.export(
        detections, as: .coco, to: path, .init(), .init(categoryIDs: [7, 2, 90]))
      #expect((summary.images, summary.failures, summary.detections) == (3, 1, 3))
      #expect(summary.leftOut == 1 && summary.leastScore == 0.25)
      #expect(
        try text(path) == #"""
          {"info":{"description":"detections by vild"},"licenses":[],"annotations":[
          {"id":1,"image_id":5,"category_id":2,"bbox":[4.0,4.0,16.0,16.0],"area":256.0,"iscrowd":0,"score":0.9},
          {"id":2,"image_id":5,"category_id":90,"bbox":[32.0,12.0,32.0,24.0],"area":768.0,"iscrowd":0,"score":0.25},
          {"id":3,"image_id":9,"category_id":7,"bbox":[0.0,1.25,10.0,28.75],"area":287.5,"iscrowd":0,"score":0.75}
          ],"images":[
          {"id":5,"file_name":"a/é 1.jpg","width":64,"height":48},
          {"id":3,"file_name":"2.png","width":7,"height":9},
          {"id":9,"file_name":"b.png","width":20,"height":30}
          ],"categories":[
          {"id":7,"name":"cat","supercategory":""},
          {"id":2,"name":"chat \"noir\" & <b>","supercategory":""},
          {"id":90,"name":"犬, x","supercategory":""}
          ]}

          """#)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: "\(folder)/new") == ["coco.json"])
    }
  }

  @Test func masksArePolygonsInCOCO() throws {
    try Samples.withDetections(masks: true) { folder, detections in
      let path = "\(folder)/coco.json"
      try Samples.export(detections, as: .coco, to: path)
      let lines = try text(path).split(separator: "\n")
      // Around the ring, over to its hole, around that the other way, and back.
      #expect(
        lines[1].hasSuffix(
          #""area":240,"iscrowd":0,"score":0.9,"segmentation":"#
            + "[[4,4,20,4,20,20,4,20,4,4,8,12,12,12,12,8,8,8,8,12,4,4]]},"))
      #expect(lines[3].hasSuffix(#""segmentation":[[0,1,3,1,3,2,2,2,2,3,0,3]]}"#))
    }
  }

  @Test func lvis() throws {
    try Samples.withDetections { folder, detections in
      let path = "\(folder)/lvis.json"
      try Samples.export(detections, as: .lvis, to: path)
      #expect(
        try text(path) == #"""
          {"info":{"description":"detections by vild","version":"v1"},"licenses":[],"annotations":[
          {"id":1,"image_id":5,"category_id":2,"bbox":[4.0,4.0,16.0,16.0],"area":256.0,"score":0.9},
          {"id":2,"image_id":5,"category_id":3,"bbox":[32.0,12.0,32.0,24.0],"area":768.0,"score":0.25},
          {"id":3,"image_id":9,"category_id":1,"bbox":[0.0,1.25,10.0,28.75],"area":287.5,"score":0.75}
          ],"images":[
          {"id":5,"file_name":"a/é 1.jpg","width":64,"height":48,"coco_url":"a/é 1.jpg","neg_category_ids":[],"not_exhaustive_category_ids":[]},
          {"id":3,"file_name":"2.png","width":7,"height":9,"coco_url":"2.png","neg_category_ids":[],"not_exhaustive_category_ids":[]},
          {"id":9,"file_name":"b.png","width":20,"height":30,"coco_url":"b.png","neg_category_ids":[],"not_exhaustive_category_ids":[]}
          ],"categories":[
          {"id":1,"name":"cat","synonyms":["cat"],"image_count":1,"instance_count":1,"frequency":"r"},
          {"id":2,"name":"chat \"noir\" & <b>","synonyms":["chat \"noir\" & <b>"],"image_count":1,"instance_count":1,"frequency":"r"},
          {"id":3,"name":"犬, x","synonyms":["犬, x"],"image_count":1,"instance_count":1,"frequency":"r"}
          ]}

          """#)
    }
  }

  @Test func csv() throws {
    try Samples.withDetections { folder, detections in
      let path = "\(folder)/table.csv"
      try Samples.export(detections, as: .csv, to: path)
      #expect(
        try text(path) == """
          image,width,height,category,score,xmin,ymin,xmax,ymax
          a/é 1.jpg,64,48,"chat ""noir"" & <b>",0.9,4.0,4.0,20.0,20.0
          a/é 1.jpg,64,48,"犬, x",0.25,32.0,12.0,64.0,36.0
          b.png,20,30,cat,0.75,0.0,1.25,10.0,30.0

          """)
    }
  }

  @Test func labelStudio() throws {
    try Samples.withDetections { folder, detections in
      let path = "\(folder)/tasks.json"
      try Samples.export(
        detections, as: .labelStudio, to: path, .init(threshold: 0.5),
        .init(imagePrefix: "https://example.org/"))
      #expect(
        try text(path) == #"""
          [
          {"data":{"image":"https://example.org/a/%C3%A9%201.jpg"},"predictions":[{"model_version":"vild","score":0.9,"result":[{"id":"1","type":"rectanglelabels","from_name":"label","to_name":"image","original_width":64,"original_height":48,"image_rotation":0,"score":0.9,"value":{"x":6.25,"y":8.333333,"width":25.0,"height":33.333332,"rotation":0,"rectanglelabels":["chat \"noir\" & <b>"]}}]}]},
          {"data":{"image":"https://example.org/2.png"},"predictions":[{"model_version":"vild","result":[]}]},
          {"data":{"image":"https://example.org/b.png"},"predictions":[{"model_version":"vild","score":0.75,"result":[{"id":"1","type":"rectanglelabels","from_name":"label","to_name":"image","original_width":20,"original_height":30,"image_rotation":0,"score":0.75,"value":{"x":0.0,"y":4.1666665,"width":50.0,"height":95.833336,"rotation":0,"rectanglelabels":["cat"]}}]}]}
          ]

          """#)
      #expect(
        try text("\(folder)/tasks.config.xml") == """
          <View>
            <Image name="image" value="$image"/>
            <RectangleLabels name="label" toName="image">
              <Label value="cat"/>
              <Label value="chat &quot;noir&quot; &amp; &lt;b&gt;"/>
              <Label value="犬, x"/>
            </RectangleLabels>
          </View>

          """)
    }
  }

  @Test func cvat() throws {
    try Samples.withDetections { folder, detections in
      let path = "\(folder)/cvat.xml"
      try Samples.export(detections, as: .cvat, to: path)
      let found = try text(path)
      let images = try #require(found.range(of: "  <image"))
      #expect(
        found[images.lowerBound...] == """
            <image id="0" name="a/é 1.jpg" width="64" height="48">
              <box label="chat &quot;noir&quot; &amp; &lt;b&gt;" source="auto" occluded="0" \
          xtl="4.0" ytl="4.0" xbr="20.0" ybr="20.0" \
          z_order="0"><attribute name="score">0.9</attribute></box>
              <box label="犬, x" source="auto" occluded="0" \
          xtl="32.0" ytl="12.0" xbr="64.0" ybr="36.0" \
          z_order="0"><attribute name="score">0.25</attribute></box>
            </image>
            <image id="1" name="2.png" width="7" height="9">
            </image>
            <image id="2" name="b.png" width="20" height="30">
              <box label="cat" source="auto" occluded="0" \
          xtl="0.0" ytl="1.25" xbr="10.0" ybr="30.0" \
          z_order="0"><attribute name="score">0.75</attribute></box>
            </image>
          </annotations>

          """)
      #expect(found.hasPrefix("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotations>\n"))
      #expect(found.components(separatedBy: "<label>").count == 4)
      #expect(found.contains("<name>chat &quot;noir&quot; &amp; &lt;b&gt;</name>"))
    }
  }

  /// Row by row in the mask's rectangle: three pixels inside; two and one outside.
  @Test func masksAreRunLengthsInCVAT() throws {
    try Samples.withDetections(masks: true) { folder, detections in
      let path = "\(folder)/cvat.xml"
      try Samples.export(detections, as: .cvat, to: path)
      let found = try text(path)
      #expect(
        found.contains(
          #"<mask label="cat" source="auto" occluded="0" rle="0, 5, 1" left="0" top="1" "#
            + #"width="3" height="2" z_order="0"><attribute name="score">0.75</attribute></mask>"#))
      #expect(!found.contains("<box"))
    }
  }
}
