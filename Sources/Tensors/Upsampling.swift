/// Each output cell takes the input cell it falls into. PyTorch's `interpolate(mode: "nearest")`.
///
/// - Parameter x: [B, H, W, C], H and W at least 1
/// - Returns: [B, height, width, C]
public func upsampleNearest(_ x: Variable, height: Int, width: Int) -> Variable {
  resized(x, height, width) { size, outputs in
    let scale = Float(size) / Float(outputs)
    return AxisTaps(outputs) { output, taps in
      taps.add(min(Int(Float(output) * scale), size - 1), 1)
    }
  }
}

/// Linear interpolation along both axes between cell centres; beyond the outermost centres the map
/// is continued. PyTorch's `interpolate(mode: "bilinear", align_corners=False)`, without
/// antialiasing.
///
/// - Parameter x: [B, H, W, C], H and W at least 1
/// - Returns: [B, height, width, C]
public func upsampleBilinear(_ x: Variable, height: Int, width: Int) -> Variable {
  resized(x, height, width) { size, outputs in
    let scale = Float(size) / Float(outputs)
    return AxisTaps(outputs) { output, taps in
      taps.interpolate(at: (Float(output) + 0.5) * scale - 0.5, size: size)
    }
  }
}

private func resized(
  _ x: Variable, _ height: Int, _ width: Int, _ taps: (_ size: Int, _ outputs: Int) -> AxisTaps
) -> Variable {
  precondition(x.shape[1] > 0 && x.shape[2] > 0, "nothing to resize in shape \(x.shape)")
  return resample(x, rows: taps(x.shape[1], height), columns: taps(x.shape[2], width))
}
