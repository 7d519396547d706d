"""The steps of one load: from the reading of the layers to the validated model."""
