"""The known mistakes of a recurrent layer's backward, which several functions of two assignments share."""
