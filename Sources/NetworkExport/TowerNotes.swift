/// The text beside the graph of a teacher's tower: what goes in, what comes out, and how it is used from
/// Python.
public enum TowerNotes {
  /// - Parameters:
  ///   - model: the name of the graph's file.
  ///   - size: S, width and height of the input in pixels.
  ///   - mean: of red, green and blue in 0...255, and what is divided by.
  ///   - resizing: how crops become squares, in words.
  ///   - isBicubic: or else bilinear.
  public static func image(
    model: String, size: Int, width: Int, mean: [Float], standardDeviation: [Float],
    resizing: String, isBicubic: Bool
  ) -> String {
    """
    \(model) is a teacher's image tower, made by 'vild export teacher'.

    Goes in:
      pixels  float32 [batch, 3, \(size), \(size)]  (level - mean) / deviation of a crop, \(resizing)

    Comes out:
      embeddings  float32 [batch, \(width)]  not divided by their lengths

    The mean of red, green and blue is \(mean), the deviation \(standardDeviation), of levels in 0...255.

    With Python, onnxruntime, numpy and pillow, in this folder, for a crop that is squashed (python
    example.py crop.png):

        import sys

        import numpy as np
        import onnxruntime
        from PIL import Image

        session = onnxruntime.InferenceSession("\(model)")
        image = Image.open(sys.argv[1]).convert("RGB")
        image = image.resize((\(size), \(size)), Image.Resampling.\(isBicubic ? "BICUBIC" : "BILINEAR"))
        mean = np.array(\(mean), np.float32)
        deviation = np.array(\(standardDeviation), np.float32)
        pixels = (np.asarray(image, np.float32) - mean) / deviation
        vector = session.run(None, {"pixels": pixels.transpose(2, 0, 1)[None]})[0][0]
        print(*(vector / np.linalg.norm(vector)))

    """
  }

  /// - Parameters:
  ///   - model: the name of the graph's file.
  ///   - vocabulary: numbers of tokens lie below it.
  ///   - positions: the most tokens of a text.
  public static func text(model: String, vocabulary: Int, positions: Int, width: Int) -> String {
    text(
      model,
      "tokens  int64 [batch, tokens]  numbers in 0..<\(vocabulary) of the teacher's tokenizer, at most "
        + "\(positions) a text, with its marks of begin and end; what follows the end changes nothing",
      width)
  }

  /// - Parameter places: the tokens of a text, padding among them.
  public static func text(model: String, vocabulary: Int, places: Int, width: Int) -> String {
    text(
      model,
      "tokens  int64 [batch, \(places)]  numbers in 0..<\(vocabulary) of the teacher's tokenizer, with "
        + "its mark of the end, then its padding", width)
  }

  private static func text(_ model: String, _ tokens: String, _ width: Int) -> String {
    """
    \(model) is a teacher's text tower, made by 'vild export teacher --tower text'.

    Goes in:
      \(tokens)

    Comes out:
      embeddings  float32 [batch, \(width)]  not divided by their lengths

    """
  }
}
