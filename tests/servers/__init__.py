"""Real servers, started on loopback with what onnxprobe writes for them."""
