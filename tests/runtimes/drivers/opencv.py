"""OpenCV's dnn module."""

import cv2
from exchange import answer_all


def load(path, outputs):
    net = cv2.dnn.readNetFromONNX(path)

    def run(x):
        net.setInput(x)
        return net.forward(outputs)

    return run


answer_all(load, cv2.__version__)
