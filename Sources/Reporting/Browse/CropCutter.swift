public import Corpora
import Detection
import Foundation
public import Images
import Regions
import Support

/// Reads an image that detections were made of, once, and cuts out what a page shows of it. Safe to use
/// from several threads.
struct CropCutter: Sendable {
  /// An image whose line in the detections file is still to be read.
  struct Work: Sendable {
    let line: DetectionFile.Line
    let crops: [ChosenCrop]
    /// Whether the whole image is shown as well.
    let isBusy: Bool
  }

  /// A detection cut out.
  struct Crop: Sendable {
    let image: Image
    /// Of the usual quality.
    let jpeg: Data
  }

  /// What became of an image.
  struct Pieces: Sendable {
    let row: DetectionFile.Row
    let detections: [Detection]
    /// In pixels, as the boxes are.
    let width, height: Int
    /// With their detections; without a crop where the image cannot be had.
    let crops: [(chosen: ChosenCrop, crop: Crop?)]
    /// The whole, made smaller, where it is shown and can be had.
    let picture: Image?
    /// Why there is no image, without its name; nil where there is one.
    let failure: String?
  }

  let rows: DetectionFile.Rows
  let images: BrowsedImages
  /// Of crops, the longer one at most, in pixels.
  let side: Int

  /// How much larger than its box a crop is, so that it can be told what is around it.
  private static let margin: Float = 1.25
  private static let quality = 80
  /// The longer side of a whole image at most, in pixels.
  private static let pictureSide = 384

  /// - Throws: `InputError` for a damaged line, one that is not the one whose crops were chosen, and
  ///   what the system has too little of (`tryAgain`).
  func cut(_ work: Work) throws(InputError) -> Pieces {
    let row = try rows.row(work.line)
    guard case .detected(let found, let width, let height) = row.outcome,
      work.crops.allSatisfy({ found.indices.contains($0.index) })
    else {
      throw InputError(
        .tryAgain, "the detections changed while they were read", at: row.image,
        hint: "wait until the other command has ended, and start this one again")
    }
    do throws(InputError) {
      let image = try images.read(row, width: width, height: height)
      return Pieces(
        row: row, detections: found, width: width, height: height,
        crops: work.crops.map { chosen in
          let box = found[chosen.index].box.scaled(by: Self.margin)
          let rect = PixelRect(box, width: image.width, height: image.height)
          let crop = image.reducedCrop(rect, to: side)
          return (chosen, Crop(image: crop, jpeg: crop.jpegData(quality: Self.quality)))
        }, picture: work.isBusy ? image.reduced(to: Self.pictureSide) : nil, failure: nil)
    } catch {
      // No fault of the image's.
      if error.kind == .tryAgain { throw error }
      var reason = error
      reason.place = nil
      return Pieces(
        row: row, detections: found, width: width, height: height,
        crops: work.crops.map { ($0, nil) }, picture: nil, failure: "\(reason)")
    }
  }
}

extension CropCutter.Crop {
  /// A JPEG of at most `bytes`: of the usual quality, or of the best that is small enough, or with fewer
  /// pixels; nil where there is none.
  func jpeg(atMost bytes: Int) -> Data? {
    if jpeg.count <= bytes { return jpeg }
    var image = image
    while true {
      if let (data, _) = image.jpegData(atMost: bytes) { return data }
      let longest = max(image.width, image.height)
      guard longest > 16 else { return nil }
      image = image.reduced(to: longest * 3 / 4)
    }
  }
}

/// Where the images are that detections were made of, and how their files become pixels.
public struct BrowsedImages: Sendable {
  private let source: ImageSource
  private let limits: DecodeLimits
  private let orientation: AnnotatedOrientation

  /// - Parameter orientation: which way round the boxes are meant: `upright` for `vild detect`.
  public init(_ source: ImageSource, limits: DecodeLimits, orientation: AnnotatedOrientation) {
    (self.source, self.limits, self.orientation) = (source, limits, orientation)
  }

  /// - Throws: `InputError` for an image that cannot be had, or is another now.
  fileprivate func read(
    _ row: DetectionFile.Row, width: Int, height: Int
  ) throws(InputError) -> Image {
    let place = source.place(of: row.image)
    let bytes = try source.read(row.image)
    if let content = row.content, content != Fingerprint.data(bytes) {
      throw InputError(.badData, "the image was changed after its detection", at: place)
    }
    do throws(ImageError) {
      return try Image.decoded(bytes, name: place, limits: limits) { header throws(ImageError) in
        try orientation.policy(for: header, annotated: (width, height), name: place)
      }.image
    } catch {
      throw error.inputError
    }
  }
}
